import { expect, test, vi } from 'vitest';
import { containersMissing, findContainers } from '../support/container-image.ts';
import { shellTool } from '../support/cwl-samples.ts';
import { findCwltool, TEST_ENGINES } from '../support/engines.ts';
import { endOf } from '../support/runs.ts';
import { addressOf, clientFor, TestDeployment, untilPrinted } from '../support/server.ts';
import { describeWith } from '../support/suite.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const { missing: missingEngine } = await findCwltool();
const found = await findContainers('podman');
const { missing, options } = containersMissing(found);

const suite = (): void => {
  test('a container outlives daemon and engine that are killed, but not the look of the next daemon', async () => {
    if (found.open === undefined) throw new Error(found.missing);
    const containers = await found.open();
    const deployment = await TestDeployment.create({
      ...containers.environment,
      ENGINE_INSTALL_DIR: TEST_ENGINES,
      CONTAINERS: 'podman',
      WARM_ENGINES: 'false',
      RUN_MAX_ATTEMPTS: '1',
    });
    try {
      await deployment.run(['migrate']);
      const client = clientFor(await addressOf(deployment.start(['serve'])));
      const first = deployment.start(['daemon']);
      await untilPrinted(first, 'cwltool');
      const tool = shellTool(
        'sleep 300',
        {},
        {
          requirements: { DockerRequirement: { dockerPull: containers.image } },
        },
      );
      const runId = await client.runWorkflow({
        request: { workflow_type: 'CWL', workflow_type_version: 'v1.2', workflow_url: 'main.cwl' },
        attachments: new Map([
          ['main.cwl', new Blob([JSON.stringify({ cwlVersion: 'v1.2', ...tool })])],
        ]),
      });
      const running = (): Promise<string> => containers.command('ps', '--quiet');
      await until(async () => (await running()) !== '', { timeoutMs: 60_000 });

      const engine = await deployment.processes('cwltool/driver');
      first.signal('SIGKILL');
      await first.ended;
      for (const pid of engine) process.kill(pid, 'SIGKILL');
      expect(await running()).not.toBe('');

      deployment.start(['daemon']);
      expect((await endOf(client, runId)).state).toBe('SYSTEM_ERROR');
      expect(await containers.ids()).toEqual([]);
    } finally {
      await deployment.close();
      await containers.close();
    }
  });
};

describeWith('Containers of podman', missingEngine ?? missing, suite, options);
