import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { KeptProcess } from '../../src/cli/warm-servers/kept-process.ts';
import type { Engine, EngineInstallation } from '../../src/engines/engine.ts';
import { until } from './until.ts';

export interface WarmServer {
  readonly address: string;
  readonly processId: () => number;
  /** What it said when it ended by itself, each time. */
  readonly ends: readonly string[];
  stop(): Promise<void>;
}

/** Starts the warm server of an installation and waits until it listens. */
export async function startWarmServer(
  engine: Engine,
  installation: EngineInstallation,
): Promise<WarmServer> {
  const address = `wes-test-${randomUUID()}`;
  const command = engine.warmServer?.(installation, address);
  if (command === undefined) throw new Error(`${engine.name} has no warm server`);
  const ends: string[] = [];
  const { argv, environment } = command;
  const kept = new KeptProcess(
    { argv, environment: { ...environment, PATH: process.env.PATH ?? '' } },
    { onEnd: ({ exitCode, lastWords }) => ends.push(`${exitCode}: ${lastWords}`) },
  );
  kept.start();
  await awaitListener(address);
  return {
    address,
    processId: () => kept.processId ?? 0,
    ends,
    stop: () => kept.stop(),
  };
}

/** A third process can tell by the kernel's list, without a connection that the server would answer. */
export async function awaitListener(address: string): Promise<void> {
  await until(async () => (await readFile('/proc/net/unix', 'utf8')).includes(`@${address}`), {
    timeoutMs: 30_000,
  });
}
