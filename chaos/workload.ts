import { RUN_MARKER } from '../src/runs/command.ts';
import { PRIORITY } from '../src/runs/service-parameters.ts';
import type { Random } from './random.ts';

/** What a run is to do, and what it must have done when it ends. */
export interface RunPlan {
  /** Names the run in its tags, its idempotency key and its evidence; exactly one run may have it. */
  readonly label: string;
  readonly kind: 'fake' | 'shell' | 'cwl';
  readonly exitCode: number;
  readonly priority: number;
  /** It is given less time than it takes. */
  readonly isOverTime: boolean;
  readonly fields: Readonly<Record<string, string>>;
  readonly attachments: Readonly<Record<string, string>>;
  /** What the run's standard output and its task's logs hold in the end. */
  readonly expected: {
    readonly stdout?: string;
    readonly taskStdout?: string;
    readonly taskStderr?: string;
    /** The content of the output file `RESULT`. */
    readonly result?: string;
  };
}

export const RESULT = 'result.txt';

interface Shape {
  readonly label: string;
  readonly lines: number;
  readonly seconds: number;
  readonly exitCode: number;
  /** Undefined leaves it to the service. */
  readonly priority: number | undefined;
  readonly isOverTime: boolean;
}

interface Surroundings {
  readonly markDirectory: string;
  /** Where cwltool is missing, its share goes to the shell. */
  readonly hasCwl: boolean;
  /** Highest priority that the client may ask for. */
  readonly maxPriority: number;
}

const FAILS = 0.08;
const NO_ROOM = 7;
const RUN_ID = '[0-9a-f]{8}-[0-9a-f-]{27}';
const OVER_TIME = { share: 0.05, seconds: 15, limitSeconds: 2 } as const;

export function planRun(
  random: Random,
  label: string,
  { markDirectory, hasCwl, maxPriority }: Surroundings,
): RunPlan {
  const choice = random.next();
  const isOverTime = random.chance(OVER_TIME.share);
  const seconds = random.between(0.2, random.chance(0.2) ? 15 : 5);
  const shape = {
    label,
    lines: 3 + random.below(12),
    seconds: isOverTime ? OVER_TIME.seconds : seconds,
    exitCode: random.chance(FAILS) ? 3 : 0,
    priority: random.chance(0.6)
      ? PRIORITY.lowest + random.below(maxPriority - PRIORITY.lowest + 1)
      : undefined,
    isOverTime,
  };
  const isEvasive = random.chance(0.15);
  const isStubborn = random.chance(0.15);
  if (choice < 0.4) return fakeRun(shape);
  if (choice < 0.94 || !hasCwl) return shellRun(shape, markDirectory, { isEvasive, isStubborn });
  return cwlRun(shape, markDirectory);
}

function engineParameters({ priority, isOverTime }: Shape): Readonly<Record<string, string>> {
  const given = {
    ...(priority !== undefined && { priority: String(priority) }),
    ...(isOverTime && { timeout: String(OVER_TIME.limitSeconds) }),
  };
  return { workflow_engine_parameters: JSON.stringify(given) };
}

function planned(shape: Shape): Pick<RunPlan, 'label' | 'exitCode' | 'priority' | 'isOverTime'> {
  const { label, exitCode, priority = PRIORITY.normal, isOverTime } = shape;
  return { label, exitCode, priority, isOverTime };
}

function fakeRun(shape: Shape): RunPlan {
  const { label, lines, seconds, exitCode } = shape;
  const text = linesOf(label, lines);
  const task = { name: 'work', seconds, exit_code: exitCode, stdout: text };
  const outputs = { [RESULT]: label };
  return {
    ...planned(shape),
    kind: 'fake',
    fields: {
      ...engineParameters(shape),
      workflow_type: 'FAKE',
      workflow_type_version: '1.0',
      workflow_url: 'https://example.org/workflow',
      workflow_params: JSON.stringify({ fake: { seconds, stdout: text, tasks: [task], outputs } }),
    },
    attachments: {},
    expected: { stdout: text, taskStdout: text, result: label },
  };
}

/** `isEvasive`: leaves a process in a session of its own. `isStubborn`: does not hear the stop signal. */
function shellRun(
  shape: Shape,
  marks: string,
  { isEvasive, isStubborn }: { isEvasive: boolean; isStubborn: boolean },
): RunPlan {
  const { label, lines, exitCode } = shape;
  const script = [
    ...(isStubborn ? ["trap '' TERM"] : []),
    `id=$${RUN_MARKER}`,
    ...beginning(marks, '$EVENTS'),
    ...(isEvasive ? ['setsid sleep 600 &'] : []),
    'task_started 1 work',
    ...numbers(shape).flatMap(({ number, pause }) => [
      // What did not get through to a full disk is not to be found in the log, nor what comes after it.
      `echo "${label} line ${number}" || exit ${NO_ROOM}`,
      `echo "${label} line ${number}" >> "$TASKS/1/stdout" || exit ${NO_ROOM}`,
      `echo ${number} >> ${marks}/$id.lines`,
      `sleep ${pause}`,
    ]),
    `task_ended 1 ${exitCode}`,
    `echo ${label} > "$OUTPUTS/${RESULT}"`,
    `exit ${exitCode}`,
  ];
  const text = linesOf(label, lines);
  return {
    ...planned(shape),
    kind: 'shell',
    fields: {
      ...engineParameters(shape),
      workflow_type: 'SHELL',
      workflow_type_version: '1.0',
      workflow_url: 'https://example.org/workflow',
      workflow_params: JSON.stringify({ script: script.join('\n') }),
    },
    attachments: {},
    expected: { stdout: text, taskStdout: text, result: `${label}\n` },
  };
}

function cwlRun(shape: Shape, marks: string): RunPlan {
  const { label, lines, exitCode } = shape;
  const script = [
    // Backquotes, because CWL has a meaning of its own for $(…).
    `id=\`echo "$HOME" | grep -oE '${RUN_ID}' | head -n 1\``,
    ...beginning(marks, '$PWD'),
    ...numbers(shape).flatMap(({ number, pause }) => [
      `echo "${label} line ${number}" >&2`,
      `echo ${number} >> ${marks}/$id.lines`,
      `sleep ${pause}`,
    ]),
    `echo ${label}`,
    `exit ${exitCode}`,
  ];
  const tool = {
    cwlVersion: 'v1.2',
    class: 'CommandLineTool',
    baseCommand: ['sh', '-c'],
    arguments: [script.join('\n')],
    inputs: {},
    outputs: { made: { type: 'stdout' } },
    stdout: 'made.txt',
  };
  return {
    ...planned(shape),
    kind: 'cwl',
    fields: {
      ...engineParameters(shape),
      workflow_type: 'CWL',
      workflow_type_version: 'v1.2',
      workflow_url: 'main.cwl',
      workflow_params: '{}',
    },
    attachments: { 'main.cwl': JSON.stringify(tool) },
    expected: { taskStderr: linesOf(label, lines) },
  };
}

/**
 * Marks carry the id of the run, in $id: the same request may be executed for several runs at once.
 * The exclusive one is a file lock, which the whole tree inherits and only its death gives back; who
 * finds it taken says so. Then come a line for each execution, and the file of the lines that were
 * printed, begun anew by each execution with the place where it works.
 */
function beginning(marks: string, place: string): readonly string[] {
  const mark = `${marks}/$id`;
  return [
    `exec 9>>${mark}.lock`,
    `flock -n 9 || echo "pid $$ in ${place}" >> ${mark}.overlap`,
    `echo "${place}" >> ${mark}.starts`,
    `echo "${place}" > ${mark}.lines`,
  ];
}

function numbers({ lines, seconds }: Shape): readonly { number: number; pause: string }[] {
  const pause = (seconds / lines).toFixed(3);
  return Array.from({ length: lines }, (_, index) => ({ number: index + 1, pause }));
}

export function linesOf(label: string, count: number): string {
  return Array.from({ length: count }, (_, index) => `${label} line ${index + 1}\n`).join('');
}
