/** A command line, ready to be started by an executor: what an engine computes and an executor runs. */
export interface Command {
  /** Program and arguments; never a shell line. */
  readonly argv: readonly string[];
  readonly workingDirectory: string;
  /** The whole environment of the program: nothing is inherited from the daemon. */
  readonly environment: Readonly<Record<string, string>>;
  readonly stdoutPath: string;
  readonly stderrPath: string;
  /** Files that must exist before the start, with their content. */
  readonly files: readonly { readonly path: string; readonly content: string }[];
  /** The signal on which the engine stops its own work best; sent to the whole process group. */
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  /** Absent when the command starts no containers, or only such as are processes of its own. */
  readonly containers?: StartedContainers;
}

/** Containers that run outside of the process tree of the command that starts them. */
export interface StartedContainers {
  readonly program: 'docker' | 'podman';
  /** `name=value`, which each of them carries and no other. */
  readonly label: string;
}

export const RUN_MARKER = 'WES_RUN_ID';
