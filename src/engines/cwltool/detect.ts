import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject } from '../../runs/json.ts';
import type { EngineInstallation, EnginePlaces, Probe } from '../engine.ts';

/** Written last into a private environment: a directory without it is not a complete installation. */
export const COMPLETION_MARKER = 'installed.json';

/** Below `installRoot`, one directory for each version. */
export function privateEnvironments(installRoot: string): string {
  return join(installRoot, 'cwltool');
}

/** Where Python itself is where a private environment was not asked for. */
const SYSTEM_PYTHONS = ['python3', '/usr/bin/python3'];

/**
 * Says which cwltool this Python has, and in which directory. Importing it is the test: a package of
 * which a part is missing must not count as installed.
 */
const QUESTION = [
  'import json, os, sys',
  'import cwltool.main, cwltool.executors',
  'from importlib.metadata import version',
  'place = os.path.dirname(os.path.dirname(os.path.abspath(cwltool.main.__file__)))',
  'print(json.dumps({"version": version("cwltool"), "python": sys.executable, "place": place}))',
].join('\n');

interface Answer {
  readonly version: string;
  readonly python: string;
  readonly place: string;
}

/** Every cwltool that can be found, newest first. */
export async function detectCwltool(
  probe: Probe,
  places: EnginePlaces,
): Promise<readonly EngineInstallation[]> {
  return ask([...(await privatePythons(places)), ...(await pythonsOnPath(probe))], probe);
}

/** Those in private environments alone. */
export async function detectPrivateCwltool(
  probe: Probe,
  places: EnginePlaces,
): Promise<readonly EngineInstallation[]> {
  return ask(await privatePythons(places), probe);
}

async function ask(
  pythons: readonly string[],
  probe: Probe,
): Promise<readonly EngineInstallation[]> {
  const answers = await Promise.all(
    [...new Set(pythons)].map((python) => askPython(python, probe)),
  );
  const found = new Map<string, EngineInstallation>();
  for (const answer of answers) {
    if (answer !== undefined && !found.has(answer.version)) found.set(answer.version, answer);
  }
  return [...found.values()].toSorted((a, b) => compareVersions(b.version, a.version));
}

async function privatePythons({ installRoot }: EnginePlaces): Promise<readonly string[]> {
  const root = privateEnvironments(installRoot);
  const names = await readdir(root).catch(() => []);
  const pythons: string[] = [];
  for (const name of names.toSorted((a, b) => compareVersions(b, a))) {
    const marker = await readFile(join(root, name, COMPLETION_MARKER), 'utf8').catch(
      () => undefined,
    );
    if (marker !== undefined) pythons.push(join(root, name, 'bin', 'python'));
  }
  return pythons;
}

/** The Python that the `cwltool` on PATH runs with, then Python itself. */
async function pythonsOnPath(probe: Probe): Promise<readonly string[]> {
  const where = await probe(['sh', '-c', 'command -v cwltool']);
  const script = where?.exitCode === 0 ? where.stdout.trim() : '';
  const head = script === '' ? undefined : await readFile(script, 'utf8').catch(() => undefined);
  const interpreter = head === undefined ? undefined : interpreterOf(head);
  return [...(interpreter === undefined ? [] : [interpreter]), ...SYSTEM_PYTHONS];
}

/**
 * The Python in a script's first line, also in the form that pip writes for paths which are too long
 * for a first line: `#!/bin/sh`, then `'''exec' /path/to/python "$0" "$@"`.
 */
export function interpreterOf(script: string): string | undefined {
  const direct = /^#!\s*(?:\/usr\/bin\/env\s+(?:-S\s+)?)?(\S*python\S*)/.exec(script);
  const indirect = /^#!\/bin\/sh\n'''exec' "?([^"\n]*?python[^"\n\s]*)"? "\$0"/.exec(script);
  return direct?.[1] ?? indirect?.[1];
}

/**
 * A run has a home directory of its own, so what only the present user's packages or PYTHONPATH make
 * importable is named to Python explicitly.
 */
async function askPython(python: string, probe: Probe): Promise<EngineInstallation | undefined> {
  const alone = parseAnswer(await probe([python, '-I', '-c', QUESTION]));
  if (alone !== undefined) return installation(alone, [alone.python]);
  const withUser = parseAnswer(await probe([python, '-c', QUESTION]));
  if (withUser === undefined) return undefined;
  return installation(withUser, ['/usr/bin/env', `PYTHONPATH=${withUser.place}`, withUser.python]);
}

function installation(answer: Answer, launcher: readonly string[]): EngineInstallation {
  return { engine: 'cwltool', version: answer.version, launcher };
}

function parseAnswer(result: Awaited<ReturnType<Probe>>): Answer | undefined {
  if (result?.exitCode !== 0) return undefined;
  const line = result.stdout.trim().split('\n').at(-1) ?? '';
  const answer = parseJson(line);
  if (!isJsonObject(answer)) return undefined;
  const { version, python, place } = answer;
  if (typeof version !== 'string' || typeof python !== 'string' || typeof place !== 'string') {
    return undefined;
  }
  return { version, python, place };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** By their numbers: 3.10 is newer than 3.9. */
export function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
