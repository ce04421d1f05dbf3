import { link, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';

/** The record of a simulated job in its directory: with the clock it tells all about the job. */
export interface FakeJob {
  readonly runId: string;
  readonly attempt: number;
  readonly startedAt: number;
  readonly argument: string;
  readonly stdoutPath: string;
  readonly stderrPath: string;
}

/** A stop that was asked for, and when the job ends of it. */
export interface FakeStop {
  readonly endsAt: number;
}

/** A pause or the end of one: at each of these moments the job stands still or goes on. */
export interface FakeTurn {
  readonly at: number;
}

export function readJob(directory: string): Promise<FakeJob | undefined> {
  return readRecord<FakeJob>(join(directory, 'job.json'));
}

/** False when the job was there already. */
export function writeJob(directory: string, job: FakeJob): Promise<boolean> {
  return writeRecord(join(directory, 'job.json'), job);
}

export function readStop(directory: string): Promise<FakeStop | undefined> {
  return readRecord<FakeStop>(join(directory, 'stop.json'));
}

export function writeStop(directory: string, stop: FakeStop): Promise<boolean> {
  return writeRecord(join(directory, 'stop.json'), stop);
}

/** Moments at which the job was paused, went on, was paused again, and so on. */
export async function readTurns(directory: string): Promise<readonly number[]> {
  const turns: number[] = [];
  for (;;) {
    const turn = await readRecord<FakeTurn>(turnPath(directory, turns.length));
    if (!turn) return turns;
    turns.push(turn.at);
  }
}

/** False when there is a turn of this number already: turns are numbered from 0. */
export function writeTurn(directory: string, number: number, turn: FakeTurn): Promise<boolean> {
  return writeRecord(turnPath(directory, number), turn);
}

function turnPath(directory: string, number: number): string {
  return join(directory, `turn-${number}.json`);
}

/**
 * Brings a file to its content by writing what is missing at its end, always at the same place, so
 * that two processes that do it at once do no harm.
 */
export async function growFile(path: string, content: string): Promise<void> {
  const bytes = Buffer.from(content);
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'a')
    .then((created) => created.close())
    .then(() => open(path, 'r+'));
  try {
    const { size } = await file.stat();
    if (size < bytes.length) await file.write(bytes, size, bytes.length - size, size);
  } finally {
    await file.close();
  }
}

async function readRecord<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T; // only written by writeRecord below
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A hard link makes the record exclusively, and whole at once. */
async function writeRecord(path: string, record: FakeJob | FakeStop | FakeTurn): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(record));
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft);
  }
}
