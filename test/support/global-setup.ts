import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { TestProject } from 'vitest/node';
import {
  missingMariadb,
  missingPostgres,
  startMariadb,
  startPostgres,
  type DatabaseServer,
} from './database-servers.ts';
import { missingS3, startS3 } from './s3-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Asked for `/mariadb`, `/postgres` or `/s3`, it starts that server (once) and answers with its URL. */
    databaseStarter: string;
    missingMariadb: string | null;
    missingPostgres: string | null;
    missingS3: string | null;
  }
}

type Start = () => Promise<DatabaseServer>;

/**
 * Servers for the whole run of the tests, each started when a test first asks for it, so
 * that a file which needs none waits for none.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started = new Map<string, Promise<DatabaseServer>>();
  const starts: Readonly<Record<string, Start>> = {
    '/mariadb': startMariadb,
    '/postgres': startPostgres,
    '/s3': startS3,
  };
  const starter = createServer((request, response) => {
    const path = request.url ?? '';
    const start = starts[path];
    if (!start) return void response.writeHead(404).end();
    const server = started.get(path) ?? start();
    started.set(path, server);
    void answer(server, response);
  });
  await new Promise<void>((resolve) => starter.listen(0, '127.0.0.1', resolve));
  const address = starter.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  project.provide('databaseStarter', `http://127.0.0.1:${port}`);
  project.provide('missingMariadb', missingMariadb() ?? null);
  project.provide('missingPostgres', missingPostgres() ?? null);
  project.provide('missingS3', missingS3() ?? null);

  return async () => {
    starter.close();
    starter.closeAllConnections();
    const results = await Promise.allSettled(started.values());
    const servers = results.flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []));
    await Promise.all(servers.map((server) => server.stop()));
  };
}

async function answer(server: Promise<DatabaseServer>, response: ServerResponse): Promise<void> {
  try {
    response.end((await server).url);
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}
