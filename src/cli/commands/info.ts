import type { Command } from 'commander';
import type { ServiceFacts } from '../../wes/reading.ts';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { plainText, writeJson, writeLine } from '../terminal.ts';

export function infoCommand(cli: Cli): Command {
  return clientCommand('info', 'show what a WES server offers').action(
    async (options: ConnectionOptions) => {
      const client = await connect(cli, options);
      const info = await client.getServiceInfo();
      if (options.json === true) {
        writeJson(cli.terminal, info);
        return;
      }
      writeLine(cli.terminal.stdout, `${'Address'.padEnd(14)}${client.base.href}`);
      for (const [title, value] of facts(info)) {
        if (value !== '') writeLine(cli.terminal.stdout, `${title.padEnd(14)}${plainText(value)}`);
      }
    },
  );
}

function facts(info: ServiceFacts): readonly (readonly [string, string])[] {
  const types = Object.entries(info.workflow_type_versions ?? {});
  const engines = Object.entries(info.workflow_engine_versions ?? {});
  const counts = Object.entries(info.system_state_counts ?? {}).filter(([, count]) => count > 0);
  return [
    ['Name', info.name ?? ''],
    ['Description', info.description ?? ''],
    ['Organization', info.organization?.name ?? ''],
    ['Version', info.version ?? ''],
    ['WES versions', (info.supported_wes_versions ?? []).join(', ')],
    ['Workflows', named(types.map(([name, each]) => [name, each.workflow_type_version]))],
    ['Engines', named(engines.map(([name, each]) => [name, each.workflow_engine_version]))],
    ['Protocols', (info.supported_filesystem_protocols ?? []).join(', ')],
    ['Runs', counts.map(([state, count]) => `${count} ${state}`).join(', ')],
    ['Credentials', info.auth_instructions_url ?? ''],
  ];
}

function named(rows: readonly (readonly [string, readonly string[] | undefined])[]): string {
  return rows.map(([name, versions = []]) => [name, ...versions].join(' ')).join('; ');
}
