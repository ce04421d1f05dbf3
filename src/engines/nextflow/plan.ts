import type { RunDirectory } from '../../runs/run-directory.ts';
import type { ContainerRuntime } from '../engine.ts';

/** What the driver is to do: computed by the engine, written as JSON beside the run's other files. */
export interface Plan {
  readonly runId: string;
  readonly directory: RunDirectory;
  readonly launcher: readonly string[];
  /** Directory with the compiled observer; absent when it has to be compiled for this run. */
  readonly observer?: string;
  readonly workflow: PlannedWorkflow;
  /** Nextflow's options that the client chose. */
  readonly options: readonly string[];
  readonly errorStrategy?: string;
  /** Names that the client gave values to. */
  readonly parameterNames: readonly string[];
  readonly cores: number;
  readonly containers?: ContainerRuntime;
  /** By which containers of the run are known, as `name=value`. */
  readonly containerLabel?: string;
  readonly cacheDirectory?: string;
  readonly allowedFileRoots: readonly string[];
}

export type PlannedWorkflow =
  /** A script, or a directory with a `main.nf`; absolute. */
  | { readonly kind: 'local'; readonly path: string }
  /** A git repository, from the web or a bare one of this machine. */
  | { readonly kind: 'repository'; readonly address: string; readonly revision?: string };
