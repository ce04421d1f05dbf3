import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { downloadOutputs, type DownloadedFile } from '../client/download.ts';
import { byteCount } from '../client/run-display.ts';
import { writeOutputs } from '../client/run-report.ts';
import { writeJson } from '../terminal.ts';
import { writeTable } from '../write-table.ts';

interface OutputsOptions extends ConnectionOptions {
  readonly download?: string;
}

export function outputsCommand(cli: Cli): Command {
  return clientCommand('outputs', 'show the outputs of a run, or fetch its files')
    .argument('<run-id>', 'id of the run')
    .option('--download <dir>', 'fetch all output files into this directory, checksums verified')
    .action(async (runId: string, options: OutputsOptions) => {
      const client = await connect(cli, options);
      if (options.download !== undefined) {
        const directory = resolve(cli.workingDirectory, options.download);
        writeDownloads(cli, await downloadOutputs(client, runId, directory, cli.signal), options);
        return;
      }
      const { outputs = {} } = await client.getRunLog(runId);
      if (options.json === true) writeJson(cli.terminal, outputs);
      else writeOutputs(outputs, cli.terminal.stdout);
    });
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
    { title: 'CHECKSUM', value: (file) => (file.isVerified ? 'verified' : 'not told') },
  ]);
}
