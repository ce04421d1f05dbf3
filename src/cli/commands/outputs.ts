import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { downloadCrate } from '../client/download/download-crate.ts';
import type { DownloadedFile } from '../client/download/download-file.ts';
import { downloadOutputs } from '../client/download/download-outputs.ts';
import { createDownloadProgress } from '../client/download/download-progress.ts';
import { byteCount } from '../client/run-display.ts';
import { writeOutputs } from '../client/run-report.ts';
import { UsageError } from '../exit-codes.ts';
import { writeJson } from '../terminal.ts';
import { writeTable } from '../write-table.ts';

interface OutputsOptions extends ConnectionOptions {
  readonly download?: string;
  readonly crate?: string;
  readonly logs?: boolean;
}

export function outputsCommand(cli: Cli): Command {
  return clientCommand('outputs', 'show the outputs of a run, or fetch its files')
    .argument('<run-id>', 'id of the run')
    .option(
      '--download <dir>',
      'fetch all output files into this directory, checksums verified; asked again, what broke off goes on',
    )
    .option('--crate <file>', 'fetch the run as an RO-Crate: an archive, or its metadata as .json')
    .option('--logs', 'with --crate: the logs as well')
    .action((runId: string, options: OutputsOptions) => outputs(cli, runId, options));
}

async function outputs(cli: Cli, runId: string, options: OutputsOptions): Promise<void> {
  if (options.logs === true && options.crate === undefined) {
    throw new UsageError('--logs needs --crate');
  }
  const client = await connect(cli, options);
  const { signal, workingDirectory, terminal } = cli;
  if (options.crate !== undefined) {
    const path = resolve(workingDirectory, options.crate);
    await downloadCrate(client, runId, path, { withLogs: options.logs === true, signal });
  }
  if (options.download !== undefined) {
    const directory = resolve(workingDirectory, options.download);
    const progress = createDownloadProgress(terminal.stderr);
    const files = await downloadOutputs(client, runId, directory, { signal, progress });
    writeDownloads(cli, files, options);
  }
  if (options.crate !== undefined || options.download !== undefined) return;
  const { outputs: told = {} } = await client.getRunLog(runId);
  if (options.json === true) writeJson(terminal, told);
  else writeOutputs(told, terminal.stdout);
}

function writeDownloads(cli: Cli, files: readonly DownloadedFile[], options: OutputsOptions): void {
  if (options.json === true) {
    writeJson(
      cli.terminal,
      files.map(({ path, size, isVerified }) => ({ path, size, verified: isVerified })),
    );
    return;
  }
  writeTable(cli.terminal.stdout, files, [
    { title: 'FILE', value: (file) => file.path },
    { title: 'SIZE', value: (file) => byteCount(file.size) },
    { title: 'CHECKSUM', value: checksumWord },
  ]);
}

function checksumWord({ isVerified, wasThere }: DownloadedFile): string {
  if (wasThere) return 'was there already';
  return isVerified ? 'verified' : 'not told';
}
