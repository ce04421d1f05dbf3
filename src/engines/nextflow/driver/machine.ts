import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

const BYTES_PER_MEBIBYTE = 2 ** 20;
const CGROUP_LIMITS = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'];
const LEAST_HEAP = 512;
const MOST_HEAP = 4096;
const SHARE_OF_MEMORY = 8;

/** Memory of the machine or of the container around this process, whichever is less. */
export function memoryMebibytes(): number {
  const limits = CGROUP_LIMITS.map(limitIn).filter((limit) => limit > 0);
  return Math.floor(Math.min(totalmem(), ...limits) / BYTES_PER_MEBIBYTE);
}

/** 0 when there is none. */
function limitIn(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8')) || 0; // or "max"
  } catch {
    return 0;
  }
}

/** For Nextflow itself: large workflows need more than small ones, several runs share the machine. */
export function heapMebibytes(): number {
  const share = Math.floor(memoryMebibytes() / SHARE_OF_MEMORY);
  return Math.max(LEAST_HEAP, Math.min(MOST_HEAP, share));
}
