import { readFileSync } from 'node:fs';

export interface MemoryFigures {
  /** In use now, in MiB; with what SQLite maps. */
  readonly nowMebibytes: number;
  /** The most since the process began. */
  readonly peakMebibytes: number;
}

const KIBIBYTES_PER_MEBIBYTE = 1024;

/** Resident memory of a process (proc_pid_status(5)); undefined where the system does not tell. */
export function memoryOf(processId: number): MemoryFigures | undefined {
  if (process.platform !== 'linux') return undefined;
  const status = readFileSync(`/proc/${processId}/status`, 'utf8');
  const mebibytes = (field: string): number => {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    return Number(found) / KIBIBYTES_PER_MEBIBYTE;
  };
  return { nowMebibytes: mebibytes('VmRSS'), peakMebibytes: mebibytes('VmHWM') };
}
