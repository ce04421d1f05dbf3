import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TEST_ENGINES } from '../engines.ts';

const run = promisify(execFile);

/** The validator of the community that makes the profiles, which has them as SHACL. */
const PACKAGE = 'roc-validator==0.13.0';
const ENVIRONMENT = join(TEST_ENGINES, '..', 'roc-validator-0.13.0');
const HERE = import.meta.dirname;

export interface CrateValidator {
  /** Why there is none; undefined when there is. */
  readonly missing: string | undefined;
  /** What the crate in a directory breaks of what a profile demands; empty when nothing. */
  problems(directory: string, profile?: string): Promise<readonly string[]>;
}

/** Finds the validator, or installs it outside the tree, where it stays from one test run to the next. */
export async function findCrateValidator(): Promise<CrateValidator> {
  return { missing: await install(), problems: validate };
}

async function install(): Promise<string | undefined> {
  const marker = join(ENVIRONMENT, 'bin', 'rocrate-validator');
  if (existsSync(marker)) return undefined;
  try {
    await mkdir(join(ENVIRONMENT, '..'), { recursive: true });
    await run('python3', ['-m', 'venv', ENVIRONMENT]);
    await run(join(ENVIRONMENT, 'bin', 'pip'), ['install', '--quiet', PACKAGE]);
    return undefined;
  } catch (error) {
    await rm(ENVIRONMENT, { recursive: true, force: true });
    return `rocrate-validator can't be installed: ${String(error).slice(0, 300)}`;
  }
}

async function validate(
  directory: string,
  profile = 'provenance-run-crate',
): Promise<readonly string[]> {
  const place = await mkdtemp(join(tmpdir(), 'wes-roc-'));
  try {
    const cache = join(place, 'cache');
    const report = join(place, 'report.json');
    const fill = [join(HERE, 'fill_cache.py'), join(HERE, 'terms.json'), cache];
    await run(join(ENVIRONMENT, 'bin', 'python'), fill);
    // The service's own addresses are not asked: they are of a service that may be gone.
    const mode = ['--offline', '--cache-path', cache, '--skip-availability-check'];
    const asked = ['--profile-identifier', profile, '--requirement-severity', 'required'];
    const output = ['--output-format', 'json', '--output-file', report];
    await run(join(ENVIRONMENT, 'bin', 'rocrate-validator'), [
      ...['-y', 'validate', ...mode, ...asked, ...output, directory],
    ]).catch(() => undefined); // it ends so when the crate is not valid; the report tells
    return problemsIn(JSON.parse(await readFile(report, 'utf8')));
  } finally {
    await rm(place, { recursive: true });
  }
}

interface Report {
  readonly passed: boolean;
  readonly issues: readonly { readonly message: string; readonly violatingEntity: string }[];
}

function problemsIn({ passed, issues }: Report): readonly string[] {
  const problems = issues.map(({ message, violatingEntity }) => `${violatingEntity}: ${message}`);
  return passed || problems.length > 0 ? problems : ['the crate is not valid'];
}
