import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import walls from '../.dependency-cruiser.mjs';

const EXPECTED_LEAST_MODULES = 60;

/** For each rule a file that breaks it: path → content. Files that are only imported are made empty. */
const VIOLATIONS: Record<string, Record<string, string>> = {
  'wes-imports-only-itself': { 'src/wes/a.ts': "import '../runs/b.ts';", 'src/runs/b.ts': '' },
  'runs-imports-only-wes': { 'src/runs/a.ts': "import '../db/b.ts';", 'src/db/b.ts': '' },
  'engines-imports-only-runs': {
    'src/engines/a.ts': "import '../executors/b.ts';",
    'src/executors/b.ts': '',
  },
  'executors-imports-only-runs': {
    'src/executors/a.ts': "import '../engines/b.ts';",
    'src/engines/b.ts': '',
  },
  'storage-imports-only-itself': {
    'src/storage/a.ts': "import '../runs/b.ts';",
    'src/runs/b.ts': '',
  },
  'scanning-imports-only-itself': {
    'src/scanning/a.ts': "import '../runs/b.ts';",
    'src/runs/b.ts': '',
  },
  'validation-imports-only-runs-engines-storage': {
    'src/validation/a.ts': "import '../executors/b.ts';",
    'src/executors/b.ts': '',
  },
  'auth-imports-only-runs': { 'src/auth/a.ts': "import '../db/b.ts';", 'src/db/b.ts': '' },
  'db-imports-only-runs-auth': { 'src/db/a.ts': "import '../api/b.ts';", 'src/api/b.ts': '' },
  'staging-imports-only-runs': {
    'src/staging/a.ts': "import '../storage/b.ts';",
    'src/storage/b.ts': '',
  },
  'daemon-imports-only-runs-engines-executors-storage-staging': {
    'src/daemon/a.ts': "import '../db/b.ts';",
    'src/db/b.ts': '',
  },
  'api-imports-only-runs-wes-auth-storage-scanning': {
    'src/api/a.ts': "import '../daemon/b.ts';",
    'src/daemon/b.ts': '',
  },
  'processes-are-started-by-executors-drivers-and-cli': {
    'src/engines/one/a.ts': "import 'node:child_process';",
    'src/engines/one/driver/b.ts': '',
  },
  'nothing-imports-a-driver': {
    'src/engines/one/a.ts': "import './driver/b.ts';",
    'src/engines/one/driver/b.ts': '',
  },
  'kysely-only-in-db': { 'src/api/a.ts': "import 'kysely';" },
  'database-drivers-only-in-dialects': { 'src/db/a.ts': "import 'node:sqlite';" },
  'fastify-only-in-api': { 'src/auth/a.ts': "import 'fastify';" },
  'command-line-parser-only-in-cli': { 'src/api/a.ts': "import 'commander';" },
  's3-client-only-in-its-storage': { 'src/storage/a.ts': "import '@aws-sdk/client-s3';" },
  's3-is-loaded-when-it-is-used': {
    'src/cli/a.ts': "import '../storage/s3/b.ts';",
    'src/storage/s3/b.ts': '',
  },
  'runs-uses-no-library': { 'src/runs/a.ts': "import 'uuid';" },
  'runs-knows-only-the-types-of-the-standard': {
    'src/runs/a.ts': "import '../wes/b.ts';",
    'src/wes/b.ts': '',
  },
  'no-engine-knows-another': {
    'src/engines/one/a.ts': "import '../two/b.ts';",
    'src/engines/two/b.ts': '',
  },
  'no-executor-knows-another': {
    'src/executors/one/a.ts': "import '../two/b.ts';",
    'src/executors/two/b.ts': '',
  },
  'only-cli-reads-the-configuration': {
    'src/api/a.ts': "import '../config.ts';",
    'src/config.ts': '',
  },
  'nothing-imports-cli': { 'src/daemon/a.ts': "import '../cli/b.ts';", 'src/cli/b.ts': '' },
  'no-circle': { 'src/db/a.ts': "import './b.ts';", 'src/db/b.ts': "import './a.ts';" },
  'no-test-code-in-the-product': { 'src/db/a.ts': "import '../../test/b.ts';", 'test/b.ts': '' },
};

async function brokenRules(directory: string): Promise<{ rules: Set<string>; modules: number }> {
  const options: ICruiseOptions = {
    ...walls.options,
    baseDir: directory,
    validate: true,
    ruleSet: { forbidden: walls.forbidden },
    enhancedResolveOptions: { extensions: ['.ts'] },
  };
  const { output } = await cruise(['src'], options);
  const { summary } = output as ICruiseResult; // without a reporter the output is the result itself
  return {
    rules: new Set(summary.violations.map((violation) => violation.rule.name)),
    modules: summary.totalCruised,
  };
}

describe('the import walls', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'wes-walls-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test('stand in the whole tree, and the tool saw the whole tree', async () => {
    const { rules, modules } = await brokenRules(process.cwd());
    expect([...rules]).toEqual([]);
    expect(modules).toBeGreaterThan(EXPECTED_LEAST_MODULES);
  });

  test('have a planted violation for each rule', () => {
    expect(Object.keys(VIOLATIONS).sort()).toEqual(walls.forbidden.map((rule) => rule.name).sort());
  });

  test.each(Object.keys(VIOLATIONS))('%s is noticed when it is broken', async (rule) => {
    const planted = join(directory, rule);
    for (const [path, content] of Object.entries(VIOLATIONS[rule] ?? {})) {
      mkdirSync(dirname(join(planted, path)), { recursive: true });
      writeFileSync(join(planted, path), content);
    }
    const { rules } = await brokenRules(planted);
    expect([...rules]).toContain(rule);
  });
});
