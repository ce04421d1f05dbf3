import { fileURLToPath } from 'node:url';
import type { EngineInstallation, WarmServerCommand } from '../engine.ts';
import { PYTHON_SETTINGS } from './environment.ts';

const SERVER = fileURLToPath(new URL('./shared/fork_server.py', import.meta.url));
const CLIENT = fileURLToPath(new URL('./shared/fork_client.py', import.meta.url));

/** A fork server for the driver in this directory, which must have a module `warm_up`. */
export function forkServer(
  { launcher }: EngineInstallation,
  driver: string,
  address: string,
): WarmServerCommand {
  const [program = 'python3', ...words] = launcher;
  return {
    argv: [program, ...words, SERVER, address, driver],
    environment: { ...PYTHON_SETTINGS, LANG: 'C.UTF-8', HOME: '/' },
  };
}

/** The driver's command, so that a fork server at `address` carries it out when it answers. */
export function throughForkServer(
  { launcher }: EngineInstallation,
  driver: string,
  driverArguments: readonly string[],
  address: string | undefined,
): readonly string[] {
  const start = [...launcher, driver];
  const alone = [...start, ...driverArguments];
  const python = launcher.at(-1);
  if (address === undefined || python === undefined) return alone;
  // Isolated and without packages, which the client does not need, Python itself starts faster.
  return [python, '-I', '-S', CLIENT, address, String(start.length), ...alone];
}
