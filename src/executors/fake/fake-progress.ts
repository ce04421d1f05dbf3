import { basename, join } from 'node:path';
import type { FakeClock } from './fake-clock.ts';
import type { FakeTask, FakeWork } from './fake-work.ts';

/** What a simulated job has done when it was executing for so long. */
export interface FakeProgress {
  /** Path → what the file holds by now; it only ever grows at its end. */
  readonly files: ReadonlyMap<string, string>;
  readonly isOver: boolean;
  /** Milliseconds after the start at which more happens; undefined when nothing will. */
  readonly nextMs: number | undefined;
}

/** Computed from the clock alone, so that every process that asks sees the same. */
export function progressOf(work: FakeWork, clock: FakeClock, elapsedMs: number): FakeProgress {
  const endMs = work.seconds * 1000;
  const isOver = elapsedMs >= endMs;
  const files = new Map<string, string>();
  const events: string[] = [];
  const moments = [endMs];
  let beginMs = 0;
  for (const [index, task] of work.tasks.entries()) {
    const finishMs = beginMs + task.seconds * 1000;
    moments.push(beginMs, finishMs);
    const stdoutPath = join(work.places.tasks, String(index + 1), 'stdout');
    if (elapsedMs >= beginMs) {
      events.push(startedEvent(task, index + 1, clock.momentAt(beginMs), stdoutPath));
      const part = portion(elapsedMs - beginMs, finishMs - beginMs);
      files.set(stdoutPath, task.stdout.slice(0, part * task.stdout.length));
    }
    if (elapsedMs >= finishMs) {
      events.push(endedEvent(task, index + 1, clock.momentAt(finishMs)));
    }
    beginMs = finishMs;
  }
  files.set(work.places.events, events.join(''));
  if (isOver && work.exitCode === 0) {
    for (const [name, content] of Object.entries(work.outputs)) {
      files.set(join(work.places.outputs, basename(name)), content);
    }
  }
  const nextMs = moments.filter((moment) => moment > elapsedMs).sort((a, b) => a - b)[0];
  return { files, isOver, nextMs };
}

/** The part of a growing text that was written after `elapsedMs` of `wholeMs`. */
export function portion(elapsedMs: number, wholeMs: number): number {
  return elapsedMs >= wholeMs ? 1 : elapsedMs / wholeMs;
}

function startedEvent(task: FakeTask, number: number, at: number, stdoutPath: string): string {
  const command = ['simulate', task.name, String(task.seconds)];
  const { name } = task;
  const event = { type: 'started', taskId: String(number), at, name, command, stdoutPath };
  return `${JSON.stringify({ ...event, notes: [] })}\n`;
}

function endedEvent(task: FakeTask, number: number, at: number): string {
  const event = { type: 'ended', taskId: String(number), at, exitCode: task.exitCode, notes: [] };
  return `${JSON.stringify(event)}\n`;
}
