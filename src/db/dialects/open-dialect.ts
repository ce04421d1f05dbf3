import type { DatabaseUrl } from '../database-url.ts';
import type { DatabaseDialect } from './dialect.ts';
import type { SilenceLimit } from './silence-limit.ts';

/** The dialect for a URL. Drivers are loaded when they are needed: most deployments need one. */
export async function openDialect(
  url: DatabaseUrl,
  silence: SilenceLimit = { milliseconds: 0 },
): Promise<DatabaseDialect> {
  switch (url.kind) {
    case 'sqlite':
      return (await import('./sqlite.ts')).createSqliteDialect(url.path);
    case 'mysql':
      return (await import('./mysql.ts')).createMysqlDialect(url.url, silence);
    case 'postgres':
      return (await import('./postgres.ts')).createPostgresDialect(url.url, silence);
  }
}
