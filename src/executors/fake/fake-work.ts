import { isJsonObject, type JsonObject } from '../../runs/json.ts';

/** What a simulated job does, as the request asked for it, and where it leaves its files. */
export interface FakeWork {
  readonly seconds: number;
  readonly exitCode: number;
  /** One after the other; the first that fails ends the job. */
  readonly tasks: readonly FakeTask[];
  readonly stdout: string;
  readonly stderr: string;
  /** File name → content. */
  readonly outputs: Readonly<Record<string, string>>;
  /** How long the job goes on after a stop signal, when the grace time is not over before. */
  readonly ignoreCancelSeconds: number;
  /** The job survives even force. */
  readonly unstoppable: boolean;
  /** Attempts up to this number are lost when their time is over. */
  readonly lostAttempts: number;
  readonly startFails: boolean;
  /** The job ends as one does that was at its memory limit. */
  readonly outOfMemory: boolean;
  readonly places: FakePlaces;
}

export interface FakeTask {
  readonly name: string;
  readonly seconds: number;
  readonly exitCode: number;
  readonly stdout: string;
}

export interface FakePlaces {
  readonly events: string;
  readonly tasks: string;
  readonly outputs: string;
}

const KILLED = 137;

/**
 * Reads the argument of a simulated command: `{"work": {…}, "places": {…}}`.
 * @throws Error when it is not JSON of that form.
 */
export function parseFakeWork(argument: string): FakeWork {
  const value: unknown = JSON.parse(argument);
  if (!isJsonObject(value) || !isJsonObject(value.places)) {
    throw new Error('A simulated command needs {"work": …, "places": …} as its argument.');
  }
  const work = isJsonObject(value.work) ? value.work : {};
  const tasks = (Array.isArray(work.tasks) ? work.tasks : []).filter(isJsonObject).map(parseTask);
  const failed = tasks.find((task) => task.exitCode !== 0);
  const taskSeconds = tasks.reduce((sum, task) => sum + task.seconds, 0);
  return {
    seconds: failed
      ? secondsUntilEndOf(failed, tasks)
      : Math.max(number(work.seconds), taskSeconds),
    exitCode: number(
      work.exit_code,
      failed?.exitCode ?? (work.out_of_memory === true ? KILLED : 0),
    ),
    tasks: failed ? tasks.slice(0, tasks.indexOf(failed) + 1) : tasks,
    stdout: text(work.stdout),
    stderr: text(work.stderr),
    outputs: texts(work.outputs),
    ignoreCancelSeconds: number(work.ignore_cancel_seconds),
    unstoppable: work.unstoppable === true,
    lostAttempts: work.lose === true ? Number.POSITIVE_INFINITY : number(work.lose),
    startFails: work.start_fails === true,
    outOfMemory: work.out_of_memory === true,
    places: {
      events: text(value.places.events),
      tasks: text(value.places.tasks),
      outputs: text(value.places.outputs),
    },
  };
}

function parseTask(task: JsonObject, index: number): FakeTask {
  return {
    name: text(task.name, `task ${index + 1}`),
    seconds: number(task.seconds),
    exitCode: number(task.exit_code),
    stdout: text(task.stdout),
  };
}

function secondsUntilEndOf(last: FakeTask, tasks: readonly FakeTask[]): number {
  return tasks.slice(0, tasks.indexOf(last) + 1).reduce((sum, task) => sum + task.seconds, 0);
}

function number(value: unknown, fallback = 0): number {
  return typeof value === 'number' && value >= 0 ? value : fallback;
}

function text(value: unknown, fallback = ''): string {
  return typeof value === 'string' ? value : fallback;
}

function texts(value: unknown): Record<string, string> {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, content]) => [name, text(content)]));
}
