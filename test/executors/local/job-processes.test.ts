import { describe, expect, test } from 'vitest';
import { processesOf } from '../../../src/executors/local/job-processes.ts';
import type { LocalJob } from '../../../src/executors/local/local-job.ts';
import type { ListedProcess } from '../../../src/executors/local/process-table.ts';

const JOB: LocalJob = {
  host: 'h b 1',
  pid: 100,
  start: '5000',
  directory: '/runs/r/1/job',
  runRoot: '/runs/r/1',
  runId: 'r',
  attempt: 1,
  stopSignal: 'SIGTERM',
};

function processWith(changes: Partial<ListedProcess>): ListedProcess {
  return {
    pid: 200,
    parent: 1,
    group: 200,
    session: 200,
    terminal: 0,
    start: '6000',
    alive: true,
    stopped: false,
    uninterruptible: false,
    environment: [],
    workingDirectory: '/',
    ...changes,
  };
}

const found = (processes: ListedProcess[], known = new Map<number, string>()): number[] =>
  processesOf(JOB, processes, known).map(({ pid }) => pid);

describe('the processes of a job', () => {
  test.each<[string, Partial<ListedProcess>, boolean]>([
    ['of its session', { session: 100 }, true],
    ['of its process group', { group: 100 }, true],
    ['with its marker', { environment: ['A=1', 'WES_RUN_ID=r'] }, true],
    ['with the marker of another run', { environment: ['WES_RUN_ID=r2'] }, false],
    ['of a later attempt', { environment: ['WES_RUN_ID=r', 'WES_RUN_ATTEMPT=2'] }, false],
    ['with its root in a variable', { environment: ['HOME=/runs/r/1/home'] }, true],
    ['with its root in a list of paths', { environment: ['PATH=/bin:/runs/r/1/bin'] }, true],
    ['with the root of attempt 12', { environment: ['HOME=/runs/r/12/home'] }, false],
    ['with its root below another', { environment: ['HOME=/backup/runs/r/1/home'] }, false],
    ['at work in its directory', { workingDirectory: '/runs/r/1/execution' }, true],
    ['at work in a directory beside it', { workingDirectory: '/runs/r/12' }, false],
    ['on a terminal in its directory', { workingDirectory: '/runs/r/1', terminal: 34816 }, false],
    ['that it has nothing to do with', {}, false],
  ])('a process %s', (_name, changes, expected) => {
    expect(found([processWith(changes)])).toEqual(expected ? [200] : []);
  });

  test('include all descendants', () => {
    const family = [
      processWith({ pid: 203, parent: 202 }),
      processWith({ pid: 202, parent: 201 }),
      processWith({ pid: 201, environment: ['WES_RUN_ID=r'] }),
    ];
    expect(new Set(found(family))).toEqual(new Set([201, 202, 203]));
  });

  test('include what was found before, but not a later process with its pid', () => {
    expect(found([processWith({})], new Map([[200, '6000']]))).toEqual([200]);
    expect(found([processWith({})], new Map([[200, '5999']]))).toEqual([]);
  });

  test('do not include the session of a later process that got the pid of the wrapper', () => {
    const later = processWith({ pid: 100, start: '9000', session: 100, group: 100 });
    expect(found([later, processWith({ session: 100 })])).toEqual([]);
  });
});
