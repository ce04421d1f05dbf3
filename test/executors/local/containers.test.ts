import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLocalExecutor } from '../../../src/executors/local/local-executor.ts';
import type { Command } from '../../../src/runs/command.ts';

// What is done with real containers is shown by the engines' own tests with them.

let root = '';
const dockerHost = process.env.DOCKER_HOST;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'wes-containers-'));
  await mkdir(join(root, 'job'));
  process.env.DOCKER_HOST = 'unix:///nowhere/docker.sock';
});
afterEach(async () => {
  if (dockerHost === undefined) delete process.env.DOCKER_HOST;
  else process.env.DOCKER_HOST = dockerHost;
  await rm(root, { recursive: true });
});

const command = (containers?: Command['containers']): Command => ({
  argv: ['sleep', '60'],
  workingDirectory: root,
  environment: { PATH: process.env.PATH ?? '' },
  stdoutPath: join(root, 'stdout'),
  stderrPath: join(root, 'stderr'),
  files: [],
  stopSignal: 'SIGTERM',
  ...(containers && { containers }),
});

test('a job is not said to be stopped when its containers can not be looked up', async () => {
  const executor = createLocalExecutor();
  const job = { runId: randomUUID(), attempt: 1, directory: join(root, 'job'), runRoot: root };
  const jobId = await executor.start(command({ program: 'docker', label: `wes-run=${root}` }), job);
  await expect(executor.cancel(jobId, { graceSeconds: 1 })).rejects.toThrow(
    /The containers of the job could not be reached with docker: /,
  );
  expect((await executor.poll(jobId)).status).not.toBe('running');
});

test('a job without containers asks nobody for them', async () => {
  const executor = createLocalExecutor();
  const job = { runId: randomUUID(), attempt: 1, directory: join(root, 'job'), runRoot: root };
  const jobId = await executor.start(command(), job);
  await executor.cancel(jobId, { graceSeconds: 1 });
  expect((await executor.poll(jobId)).status).not.toBe('running');
});
