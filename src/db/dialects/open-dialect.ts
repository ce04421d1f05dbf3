import type { DatabaseUrl } from '../database-url.ts';
import type { DatabaseDialect } from './dialect.ts';

/** The dialect for a URL. Drivers are loaded when they are needed: most deployments need one. */
export async function openDialect(url: DatabaseUrl): Promise<DatabaseDialect> {
  switch (url.kind) {
    case 'sqlite':
      return (await import('./sqlite.ts')).createSqliteDialect(url.path);
    case 'mysql':
      return (await import('./mysql.ts')).createMysqlDialect(url.url);
    case 'postgres':
      return (await import('./postgres.ts')).createPostgresDialect(url.url);
  }
}
