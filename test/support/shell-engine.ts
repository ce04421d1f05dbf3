import { textRemoteInputs } from '../../src/engines/driven/text-remote-inputs.ts';
import type { Engine, EngineContext } from '../../src/engines/engine.ts';
import { createFakeEngine } from '../../src/engines/fake.ts';
import type { Command } from '../../src/runs/command.ts';

/** What a script has at hand: `task_started ID NAME`, `task_ended ID CODE`, $TASKS, $OUTPUTS, $CACHE. */
const PRELUDE = `
now() { date +%s%3N; }
task_started() {
  mkdir -p "$TASKS/$1"
  printf '{"type":"started","taskId":"%s","at":%s,"name":"%s","command":["%s"],"stdoutPath":"%s","stderrPath":"%s","notes":[]}\\n' \\
    "$1" "$(now)" "$2" "$2" "$TASKS/$1/stdout" "$TASKS/$1/stderr" >> "$EVENTS"
}
task_ended() {
  printf '{"type":"ended","taskId":"%s","at":%s,"exitCode":%s,"notes":[]}\\n' "$1" "$(now)" "$2" >> "$EVENTS"
}
`;

/** A real engine of very small size: `workflow_params.script` is executed by the shell. */
export function createShellEngine(): Engine {
  return {
    ...createFakeEngine(),
    name: 'shell',
    workflowTypes: { SHELL: ['1.0'] },
    detect: async () => [{ engine: 'shell', version: '1.0', launcher: ['sh', '-c'] }],
    checkRequest: () => undefined,
    // What of its inputs is an address is one.
    remoteInputs: (request, context) => textRemoteInputs(request, { ...context, isChosen: true }),
    command,
  };
}

function command({
  request,
  installation,
  directory,
  searchPath,
  cacheDirectory,
}: EngineContext): Command {
  const { events, tasks, outputs, execution, home, temporary, stdout, stderr } = directory;
  const script = request.workflowParams?.script;
  return {
    argv: [...installation.launcher, PRELUDE + (typeof script === 'string' ? script : '')],
    workingDirectory: execution,
    environment: {
      PATH: searchPath,
      HOME: home,
      TMPDIR: temporary,
      EVENTS: events,
      TASKS: tasks,
      OUTPUTS: outputs,
      ...(cacheDirectory !== undefined && { CACHE: cacheDirectory }),
    },
    stdoutPath: stdout,
    stderrPath: stderr,
    files: [{ path: directory.inputs, content: JSON.stringify(request.workflowParams ?? {}) }],
    stopSignal: 'SIGTERM',
  };
}
