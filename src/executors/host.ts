import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/**
 * The machine, its boot and the pid namespace: two processes with the same host can see each other.
 * Containers on one machine share the boot id but not the namespace.
 */
export interface Host {
  readonly name: string;
  /** The whole identity as text, name first; equal only where pids mean the same. */
  readonly identity: string;
}

/** Name of the machine in the identity of a host. */
export function hostNameOf(identity: string): string {
  return identity.split(' ', 1)[0] ?? identity;
}

/** @throws Error where there is no Linux /proc. */
export async function readHost(): Promise<Host> {
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim();
  const namespace = /\d+/.exec(await readlink('/proc/self/ns/pid'))?.[0] ?? '';
  const name = hostname();
  return { name, identity: `${name} ${boot} ${namespace}` };
}
