import { describe, expect, test } from 'vitest';
import { parseDatabaseUrl } from '../../src/db/database-url.ts';

describe('a database URL', () => {
  test.each([
    ['sqlite:/var/lib/wes.db', '/var/lib/wes.db'],
    ['sqlite:data/wes.db', 'data/wes.db'],
    ['sqlite://data/wes.db', 'data/wes.db'],
    ['sqlite:///var/lib/wes.db', '/var/lib/wes.db'],
    ['sqlite+aiosqlite:///var/lib/wes.db', '/var/lib/wes.db'],
    ['sqlite:/with space/%20/é?.db', '/with space/%20/é?.db'],
    ['sqlite::memory:', ':memory:'],
  ])('%s is the SQLite file %s', (url, path) => {
    expect(parseDatabaseUrl(url)).toEqual({ kind: 'sqlite', path });
  });

  test.each([
    ['mysql://u:p@h:3306/d', 'mysql', 'mysql://u:p@h:3306/d'],
    ['mysql+aiomysql://u:p@h/d', 'mysql', 'mysql://u:p@h/d'],
    ['mariadb://u:p@h/d', 'mysql', 'mysql://u:p@h/d'],
    ['postgres://u:p@h/d?sslmode=require', 'postgres', 'postgres://u:p@h/d?sslmode=require'],
    ['postgresql+asyncpg://u@h/d', 'postgres', 'postgres://u@h/d'],
  ])('%s is a database of %s', (text, kind, url) => {
    expect(parseDatabaseUrl(text)).toEqual({ kind, url });
  });

  test.each(['', 'sqlite:', 'sqlite://', 'oracle://u:secret@h/d', 'mysql:x', 'mysql://u:secret@h'])(
    '%j is refused without showing its password',
    (url) => {
      expect(() => parseDatabaseUrl(url)).toThrow(/not one of sqlite:PATH/);
      expect(() => parseDatabaseUrl(url)).not.toThrow(/secret/);
    },
  );
});
