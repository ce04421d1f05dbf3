import { openAsBlob } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { WesClient } from '../../wes/client.ts';
import type { RunRequest } from '../../wes/runs.ts';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { downloadOutputs } from '../client/download/download-outputs.ts';
import { createDownloadProgress } from '../client/download/download-progress.ts';
import { planSubmission, type Submission } from '../client/submission.ts';
import { waitForRun } from '../client/wait-for-run.ts';
import { UsageError } from '../exit-codes.ts';
import { collected, collectedPair, positiveInteger, wholeNumber } from '../option-values.ts';
import { writeJson, writeLine } from '../terminal.ts';

interface SubmitOptions extends ConnectionOptions {
  readonly inputs?: string;
  readonly attach?: readonly string[];
  readonly type?: string;
  readonly typeVersion?: string;
  readonly engine?: string;
  readonly engineVersion?: string;
  readonly priority?: number;
  readonly timeout?: number;
  readonly cache?: boolean;
  readonly engineParameter?: Readonly<Record<string, string>>;
  readonly tag?: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string;
  readonly wait?: boolean;
  readonly outputsDir?: string;
}

export function submitCommand(cli: Cli): Command {
  return clientCommand('submit', 'submit a workflow')
    .argument('<workflow>', 'a file, sent with the files that it refers to, or an address')
    .option('--inputs <file|json>', 'inputs: a YAML or JSON file, or the JSON itself')
    .option('--attach <path[=name]>', 'send this file or directory as well (repeatable)', collected)
    .option('--type <type>', 'language: CWL, WDL, NFL or SMK (default: seen from the file)')
    .option('--type-version <version>', 'version of the language (default: seen from the file)')
    .option('--engine <name>', 'engine to use')
    .option('--engine-version <version>', 'version of the engine')
    .option('--engine-parameter <key=value>', 'option for the engine (repeatable)', collectedPair)
    .option('--priority <number>', 'from -10 to 10: higher starts first', wholeNumber)
    .option('--timeout <seconds>', 'stop the run when it takes longer', positiveInteger)
    .option(
      '--cache',
      'keep the results of tasks for reruns of the run, and take those that are kept',
    )
    .option('--tag <key=value>', 'label of the run (repeatable)', collectedPair)
    .option('--idempotency-key <key>', 'submitting again with the same key gives the same run')
    .option('--wait', 'show the run until it ends; the exit status tells how')
    .option('--outputs-dir <dir>', 'with --wait: fetch the output files into this directory')
    .action((workflow: string, options: SubmitOptions) => submit(cli, workflow, options));
}

async function submit(cli: Cli, workflow: string, options: SubmitOptions): Promise<void> {
  if (options.outputsDir !== undefined && options.wait !== true) {
    throw new UsageError('--outputs-dir needs --wait');
  }
  const { workingDirectory } = cli;
  const { inputs, attach = [], type } = options;
  const submission = await planSubmission({ workflow, inputs, attach, workingDirectory, type });
  const client = await connect(cli, options);
  const request = await completeRequest(client, submission, options);
  const runId = await client.runWorkflow({
    request,
    attachments: await openAttachments(submission),
    idempotencyKey: options.idempotencyKey,
  });
  if (options.wait !== true) {
    if (options.json === true) writeJson(cli.terminal, { run_id: runId });
    else writeLine(cli.terminal.stdout, runId);
    return;
  }
  if (options.json !== true) writeLine(cli.terminal.stdout, `Submitted as ${runId}`);
  const run = await waitForRun(cli, client, runId, options);
  if (options.outputsDir === undefined || run.state !== 'COMPLETE') return;
  const directory = resolve(workingDirectory, options.outputsDir);
  const { signal, terminal } = cli;
  const progress = createDownloadProgress(terminal.stderr);
  for (const { path } of await downloadOutputs(client, runId, directory, { signal, progress })) {
    writeLine(options.json === true ? cli.terminal.stderr : cli.terminal.stdout, `Wrote ${path}`);
  }
}

async function openAttachments(submission: Submission): Promise<ReadonlyMap<string, Blob>> {
  const attachments = new Map<string, Blob>();
  // A blob of a file is read while it is sent, so large files are no matter.
  for (const [name, path] of submission.attachments) attachments.set(name, await openAsBlob(path));
  return attachments;
}

async function completeRequest(
  client: WesClient,
  submission: Submission,
  options: SubmitOptions,
): Promise<RunRequest> {
  const { type, version } = await resolveLanguage(client, submission, options);
  return {
    workflow_url: submission.workflowUrl,
    workflow_type: type,
    workflow_type_version: version,
    workflow_params: submission.params,
    ...(options.engine === undefined ? {} : { workflow_engine: options.engine }),
    ...(options.engineVersion === undefined
      ? {}
      : { workflow_engine_version: options.engineVersion }),
    ...engineParameters(options),
    ...(options.tag === undefined ? {} : { tags: options.tag }),
  };
}

/** Those that have an option of their own are for the service, whatever the engine. */
function engineParameters({
  engineParameter = {},
  priority,
  timeout,
  cache,
}: SubmitOptions): Pick<RunRequest, 'workflow_engine_parameters'> {
  const parameters = {
    ...engineParameter,
    ...(priority !== undefined && { priority: String(priority) }),
    ...(timeout !== undefined && { timeout: String(timeout) }),
    ...(cache === true && { cache: 'true' }),
  };
  if (Object.keys(parameters).length === 0) return {};
  return { workflow_engine_parameters: parameters };
}

/** What was typed, else what the file says, else the newest version that the server offers. */
async function resolveLanguage(
  client: WesClient,
  { language }: Submission,
  options: SubmitOptions,
): Promise<{ readonly type: string; readonly version: string }> {
  const type = options.type ?? language?.type;
  if (type === undefined) {
    throw new UsageError('The workflow does not show its language: give --type and --type-version');
  }
  const seen = type.toUpperCase() === language?.type ? language.version : undefined;
  const version = options.typeVersion ?? seen ?? (await newestVersion(client, type));
  if (version === undefined) {
    throw new UsageError(`The server offers no version of ${type}: give --type-version`);
  }
  return { type, version };
}

async function newestVersion(client: WesClient, type: string): Promise<string | undefined> {
  const { workflow_type_versions: offered = {} } = await client.getServiceInfo();
  const name = Object.keys(offered).find((each) => each.toUpperCase() === type.toUpperCase());
  const versions = name === undefined ? [] : (offered[name]?.workflow_type_version ?? []);
  const inOrder = new Intl.Collator('en', { numeric: true });
  return versions.toSorted((one, other) => inOrder.compare(one, other)).at(-1);
}
