import type { EngineEnd } from '../../driven/events.ts';
import type { ProcessEnd } from './start-process.ts';

const MESSAGE_LIMIT = 4000;
const EXIT_FAILED = 1;
const MACHINE_FAULTS =
  /No space left on device|Disk quota exceeded|OutOfMemoryError|Too many open files|unable to create native thread/;
const MISSING_PLUGIN = /plugin/i;
const MARK = 'ERROR ~ ';
/** Nextflow's own lines that are no part of a message. */
const NOISE =
  /^(?:N E X T F L O W|Launching `|\[[0-9a-f]{2}\/[0-9a-f]{6}\] |WARN: |Tip: |Pulling |\s+at )/;
const HINT = /^ -- Check /m;

/** What it means that Nextflow ended so: its exit code says only whether all went well. */
export function conclude(end: ProcessEnd, endedTasks: number): EngineEnd {
  if (end.exitCode === 0) return { status: 'success', message: '' };
  const message = messageOf(end).slice(0, MESSAGE_LIMIT);
  if (end.exitCode !== EXIT_FAILED || MACHINE_FAULTS.test(message)) {
    return { status: 'error', message: `exit code ${end.exitCode}. ${message}` };
  }
  if (endedTasks > 0) return { status: 'permanentFail', message };
  if (!end.stdout.includes('N E X T F L O W')) return { status: 'error', message };
  const needsPlugin = MISSING_PLUGIN.test(message) && /offline|repository|not found/i.test(message);
  return { status: needsPlugin ? 'unsupported' : 'invalid', message };
}

/** What Nextflow marked as an error, else what it said last, else its stderr; without its hints. */
function messageOf({ stdout, stderr }: ProcessEnd): string {
  const marked = stdout.lastIndexOf(MARK);
  const said = clean(marked === -1 ? stdout : stdout.slice(marked + MARK.length));
  return said === '' ? clean(stderr) : said;
}

function clean(text: string): string {
  const [told = ''] = text.split(HINT);
  const lines = told.split('\n').filter((line) => !NOISE.test(line));
  return lines
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}
