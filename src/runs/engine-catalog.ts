import type { RunRequest } from './run.ts';

/** What an installed engine offers: the substance of service-info and of the checks before queueing. */
export interface EngineOffer {
  readonly engine: string;
  /** Installed versions, newest first; at least one. */
  readonly versions: readonly string[];
  /** Workflow type as the standard writes it (CWL, WDL, NFL, SMK) → versions of the language. */
  readonly workflowTypes: Readonly<Record<string, readonly string[]>>;
  readonly parameters: readonly EngineParameter[];
}

/** A `workflow_engine_parameters` key that clients may set. */
export interface EngineParameter {
  readonly name: string;
  readonly type: 'boolean' | 'integer' | 'string' | 'enum';
  readonly values?: readonly string[];
  readonly defaultValue: string;
  readonly description: string;
}

/** The engines of the whole deployment, and what they demand of a request. */
export interface EngineCatalog {
  offers(): Promise<readonly EngineOffer[]>;
  /**
   * Chooses the engine for a request and checks the request by its rules; gives the request with type
   * and version as the service writes them.
   * @throws WesError `invalid_request` for an unknown type, version, engine or parameter, for a version
   *   without its engine, and for inputs that reach outside the run.
   */
  resolve(request: RunRequest): Promise<{ readonly request: RunRequest; readonly engine: string }>;
}
