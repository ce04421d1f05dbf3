import { cpus, loadavg, release, totalmem } from 'node:os';

/** What a reader needs to know about the machine to judge figures from it. */
export interface MachineFacts {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** Average number of running processes in the minute before: much above 0, others were at work. */
  readonly loadBefore: number;
}

export function machineFacts(): MachineFacts {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    node: process.version,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}
