import type { Random } from './random.ts';

/** What a run is to do, and what it must have done when it ends. */
export interface RunPlan {
  /** Names the run in its tags, its idempotency key and its evidence; exactly one run may have it. */
  readonly label: string;
  readonly kind: 'fake' | 'shell' | 'cwl';
  readonly exitCode: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly attachments: Readonly<Record<string, string>>;
  /** What the run's standard output and its task's logs hold in the end. */
  readonly expected: {
    readonly stdout?: string;
    readonly taskStdout?: string;
    readonly taskStderr?: string;
  };
}

interface Shape {
  readonly label: string;
  readonly lines: number;
  readonly seconds: number;
  readonly exitCode: number;
}

const FAILS = 0.08;

/** `hasCwl`: where cwltool is missing, its share goes to the shell. */
export function planRun(
  random: Random,
  label: string,
  { markDirectory, hasCwl }: { readonly markDirectory: string; readonly hasCwl: boolean },
): RunPlan {
  const choice = random.next();
  const shape = {
    label,
    lines: 3 + random.below(12),
    seconds: random.between(0.2, random.chance(0.2) ? 15 : 5),
    exitCode: random.chance(FAILS) ? 3 : 0,
  };
  const isEvasive = random.chance(0.15);
  const isStubborn = random.chance(0.15);
  if (choice < 0.4) return fakeRun(shape);
  if (choice < 0.94 || !hasCwl) return shellRun(shape, markDirectory, { isEvasive, isStubborn });
  return cwlRun(shape, markDirectory);
}

function fakeRun({ label, lines, seconds, exitCode }: Shape): RunPlan {
  const text = linesOf(label, lines);
  const task = { name: 'work', seconds, exit_code: exitCode, stdout: text };
  const outputs = { 'result.txt': label };
  return {
    label,
    kind: 'fake',
    exitCode,
    fields: {
      workflow_type: 'FAKE',
      workflow_type_version: '1.0',
      workflow_url: 'https://example.org/workflow',
      workflow_params: JSON.stringify({ fake: { seconds, stdout: text, tasks: [task], outputs } }),
    },
    attachments: {},
    expected: { stdout: text, taskStdout: text },
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
    ...beginning(label, marks, '$EVENTS'),
    ...(isEvasive ? ['setsid sleep 600 &'] : []),
    'task_started 1 work',
    ...numbers(shape).flatMap(({ number, pause }) => [
      `echo "${label} line ${number}"`,
      `echo "${label} line ${number}" >> "$TASKS/1/stdout"`,
      `echo ${number} >> ${marks}/${label}.lines`,
      `sleep ${pause}`,
    ]),
    `task_ended 1 ${exitCode}`,
    `echo ${label} > "$OUTPUTS/result.txt"`,
    `exit ${exitCode}`,
  ];
  const text = linesOf(label, lines);
  return {
    label,
    kind: 'shell',
    exitCode,
    fields: {
      workflow_type: 'SHELL',
      workflow_type_version: '1.0',
      workflow_url: 'https://example.org/workflow',
      workflow_params: JSON.stringify({ script: script.join('\n') }),
    },
    attachments: {},
    expected: { stdout: text, taskStdout: text },
  };
}

function cwlRun(shape: Shape, marks: string): RunPlan {
  const { label, lines, exitCode } = shape;
  const script = [
    ...beginning(label, marks, '$PWD'),
    ...numbers(shape).flatMap(({ number, pause }) => [
      `echo "${label} line ${number}" >&2`,
      `echo ${number} >> ${marks}/${label}.lines`,
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
    label,
    kind: 'cwl',
    exitCode,
    fields: {
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
 * The exclusive mark is a file lock, which the whole tree inherits and only its death gives back; who
 * finds it taken says so. Then come a line for each execution, and the file of the lines that were
 * printed, begun anew by each execution with the place where it works.
 */
function beginning(label: string, marks: string, place: string): readonly string[] {
  const mark = `${marks}/${label}`;
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
