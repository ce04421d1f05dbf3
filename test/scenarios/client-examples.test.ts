import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findCwltool, TEST_ENGINES } from '../support/engines.ts';
import { addressOf, TestDeployment } from '../support/server.ts';
import { describeWith } from '../support/suite.ts';

// Real processes on a machine that may have other things to do.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples', 'client');
const run = promisify(execFile);
const { missing: noCwltool } = await findCwltool();
const noCurl = await run('curl', ['--version']).then(
  () => undefined,
  () => 'curl is not installed',
);

describeWith('the client examples', noCwltool ?? noCurl, () => {
  let deployment: TestDeployment;
  let environment: NodeJS.ProcessEnv;

  beforeAll(async () => {
    deployment = await TestDeployment.create({
      ENGINE_INSTALL_DIR: TEST_ENGINES,
      AUTH_METHOD: 'basic',
    });
    await deployment.run(['migrate']);
    const { stdout } = await deployment.run(['users', 'add', 'ann', '--generate']);
    const address = await addressOf(deployment.start(['up']));
    environment = {
      PATH: process.env.PATH,
      WES_SERVER: `${address}/ga4gh/wes/v1`,
      WES_USER: 'ann',
      WES_PASSWORD: stdout.trim(),
    };
  });
  afterAll(async () => {
    await deployment.close();
  });

  test.each([
    ['TypeScript', process.execPath, 'run-workflow.ts'],
    ['shell', 'sh', 'run-workflow.sh'],
  ])('the one in %s runs a workflow and shows its output', async (_language, program, file) => {
    const { stdout } = await run(program, [join(EXAMPLES, file)], { env: environment });
    expect(stdout).toContain('COMPLETE');
    expect(stdout).toContain('Hello, WES');
  });
});
