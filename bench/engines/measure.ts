import type { Workload } from './workloads.ts';

export interface Figures {
  readonly wallSeconds: number;
  /** Processor time of all that worked for the runs, in all. */
  readonly processorSeconds: number;
}

export interface Contender {
  /** Executes the workload once, to its end. @throws Error when it does not end well */
  execute(workload: Workload): Promise<void>;
  /** Processor seconds used so far. */
  processorSeconds(): number;
}

/** Executes all runs of a workload. */
export async function measure(contender: Contender, workload: Workload): Promise<Figures> {
  const usedBefore = contender.processorSeconds();
  const startedAt = performance.now();
  let started = 0;
  const worker = async (): Promise<void> => {
    while (started < workload.runs) {
      started += 1;
      await contender.execute(workload);
    }
  };
  await Promise.all(Array.from({ length: workload.atOnce }, worker));
  return {
    wallSeconds: (performance.now() - startedAt) / 1000,
    processorSeconds: contender.processorSeconds() - usedBefore,
  };
}
