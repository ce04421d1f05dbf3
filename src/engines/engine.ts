import type { Command } from '../runs/command.ts';
import type { EngineParameter } from '../runs/engine-catalog.ts';
import type { JsonObject } from '../runs/json.ts';
import type { Verdict } from '../runs/request-validator.ts';
import type { RunRequest } from '../runs/run.ts';
import type { RunDirectory } from '../runs/run-directory.ts';
import type { RemoteInput, RemoteInputsContext } from './remote-inputs.ts';

/**
 * What command executes a workflow, and how to read what it leaves: tasks, outputs, the meaning of its
 * end. An engine computes and reads; it never starts a process and never writes a file.
 */
export interface Engine {
  readonly name: string;
  /** Workflow type as the standard writes it → versions of the language. */
  readonly workflowTypes: Readonly<Record<string, readonly string[]>>;
  /**
   * Whether this installation executes this version of the language; absent: each executes all of
   * `workflowTypes`.
   */
  speaks?(installation: EngineInstallation, workflowType: string, typeVersion: string): boolean;
  readonly parameters: readonly EngineParameter[];

  /** The installations found by running probes; empty when the engine is not installed. Newest first. */
  detect(probe: Probe, places: EnginePlaces): Promise<readonly EngineInstallation[]>;

  /** @throws WesError `invalid_request` for inputs and addresses that reach outside the run. */
  checkRequest(request: RunRequest, limits: RequestLimits): void;

  /**
   * The addresses in the inputs whose files are to be fetched before the engine starts; the command is then
   * asked for with paths of the machine in their place. Absent: the engine gets addresses as they are.
   */
  remoteInputs?(request: RunRequest, context: RemoteInputsContext): readonly RemoteInput[];

  /** True when an http(s) address of a workflow is that of a document, which must be there before the engine reads it. */
  readonly opensDocuments?: boolean;

  command(context: EngineContext): Command;

  /**
   * A process that holds the engine loaded: as long as it runs, commands that were computed with its
   * address start faster; while it does not, they work as without. Absent: the engine has none.
   */
  warmServer?(installation: EngineInstallation, address: string): WarmServerCommand;

  /** Absent where a document is code, which nothing but a run may execute. */
  readonly validation?: EngineValidation;

  /** Task events after `cursor` (0 at first), and the cursor to go on from. Reads complete lines only. */
  tasks(
    directory: RunDirectory,
    cursor: number,
  ): Promise<{ events: readonly TaskEvent[]; cursor: number }>;

  /** The outputs of a run that ended well. Files are below `directory.outputs`. */
  outputs(directory: RunDirectory): Promise<EngineOutputs>;

  /** What the end of the job means. */
  classify(exitCode: number, directory: RunDirectory): Promise<Outcome>;
}

/** Runs a short command and gives what it printed; undefined when the program is not there. */
export type Probe = (
  argv: readonly string[],
) => Promise<{ exitCode: number; stdout: string; stderr: string } | undefined>;

export interface EnginePlaces {
  /** Directory below which `wes engines install` puts private environments, one for each engine. */
  readonly installRoot: string;
}

export interface EngineInstallation {
  readonly engine: string;
  readonly version: string;
  /** Program and leading arguments that start it, as an engine's `command` needs them. */
  readonly launcher: readonly string[];
}

/** Started by whoever runs engines, with an open standard input: it ends when that does. */
export interface WarmServerCommand {
  readonly argv: readonly [string, ...string[]];
  /** What it needs besides PATH. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * How a request can be checked before it is queued. The process executes nothing of the document, fetches
 * nothing from the web, reads only what the run may read, and ends by itself soon after `seconds`.
 */
export interface EngineValidation {
  command(context: ValidationContext): Command;
  /** What the process found that ended with this code. */
  verdict(exitCode: number, directory: RunDirectory): Promise<Verdict>;
}

export interface ValidationContext extends Omit<
  EngineContext,
  'cores' | 'cacheDirectory' | 'containers' | 'environment'
> {
  readonly seconds: number;
  /** Absolute paths of files that have the size of the attachment whose name they bear, but not its content. */
  readonly placeholders: readonly string[];
}

export interface RequestLimits {
  /** Absolute directories below which `file:` addresses may be named; none by default. */
  readonly allowedFileRoots: readonly string[];
  /** Of addresses of inputs that the service fetches; http and https by default. */
  readonly inputSchemes?: readonly string[];
  /** Of addresses that `workflow_url` may be, besides `file`; http and https by default. */
  readonly workflowSchemes?: readonly string[];
}

export interface EngineContext extends RequestLimits {
  readonly runId: string;
  readonly request: RunRequest;
  readonly installation: EngineInstallation;
  readonly directory: RunDirectory;
  /** Cores that this run may use at once. */
  readonly cores: number;
  /** PATH for the engine and its tools. */
  readonly searchPath: string;
  /**
   * A private directory of the runs that repeat one another, which outlives them: the engine keeps the
   * results of tasks there and takes those of earlier runs. Absent when the run asked for no cache.
   */
  readonly cacheDirectory?: string;
  /** How containers are run here; absent when tasks are processes of the machine. */
  readonly containers?: ContainerRuntime;
  /** Address that was given to this installation's warm server, where there is one. */
  readonly warmServer?: string;
  /** What of the daemon's environment engines get, as proxies; for the engine, not for its tasks. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What starts containers, by the name of its program; the preferred one first. */
export const CONTAINER_RUNTIMES = ['docker', 'podman', 'singularity', 'apptainer'] as const;
export type ContainerRuntime = (typeof CONTAINER_RUNTIMES)[number];

export type TaskEvent = TaskStarted | TaskEnded;

export interface TaskStarted {
  readonly type: 'started';
  readonly taskId: string;
  readonly at: number;
  readonly name: string;
  readonly command: readonly string[];
  /** Files that grow while the task runs; absolute. */
  readonly stdoutPath?: string;
  readonly stderrPath?: string;
  /** Facts for people: image, cores, memory. */
  readonly notes: readonly string[];
}

export interface TaskEnded {
  readonly type: 'ended';
  readonly taskId: string;
  readonly at: number;
  readonly exitCode?: number;
  readonly notes: readonly string[];
}

export interface EngineOutputs {
  /** The engine's own output object with each stored file's address replaced by OUTPUT_REFERENCE + path. */
  readonly object: JsonObject;
  readonly files: readonly EngineOutputFile[];
}

export interface EngineOutputFile {
  /** Relative POSIX path under which the file is stored and served. */
  readonly path: string;
  /** Absolute path of the file to upload. */
  readonly source: string;
}

export interface Outcome {
  readonly state: 'COMPLETE' | 'EXECUTOR_ERROR' | 'SYSTEM_ERROR';
  /** For people: what happened, the first failing task and the tail of its stderr where there is one. */
  readonly reason: string;
}
