import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import { testDatabases } from '../support/databases.ts';
import { describeWith } from '../support/suite.ts';

describe('openDatabase', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'test-open-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  test('makes a SQLite file that only its user can read, with the directories above it', async () => {
    const path = join(directory, 'a', 'b', 'wes.db');
    const database = await openDatabase(`sqlite:${path}`);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await database.close();
  });

  test('says which database can’t be opened, and why, without the password', async () => {
    const url = 'mysql://wes:secret@127.0.0.1:1/wes';
    const failure = await openDatabase(url).catch((error: unknown) => String(error));
    expect(failure).toContain('mysql://wes:***@127.0.0.1:1/wes');
    expect(failure).toContain('ECONNREFUSED');
    expect(failure).not.toContain('secret');
  });

  test('refuses a file that is no database', async () => {
    const path = join(directory, 'text');
    await writeFile(
      path,
      'This is not a database, but a text that is long enough to tell. '.repeat(99),
    );
    await expect(openDatabase(`sqlite:${path}`)).rejects.toThrow('is not a database');
  });

  test('refuses a mode of encryption that does not exist', async () => {
    const url = 'mysql://wes:secret@127.0.0.1:1/wes?ssl-mode=PERHAPS';
    await expect(openDatabase(url)).rejects.toThrow('ssl-mode');
  });
});

for (const { name, missing, create } of testDatabases.filter((d) => d.name === 'MariaDB')) {
  describeWith(`${name} with encryption`, missing, () => {
    test.each(['REQUIRED', 'VERIFY_CA', 'verify_identity'])(
      'is not spoken to in the clear when the URL says ssl-mode=%s',
      async (mode) => {
        const { url, drop } = await create();
        const failure = openDatabase(`${url}?ssl-mode=${mode}`);
        await expect(failure).rejects.toThrow('does not support secure connection');
        await drop();
      },
    );
  });
}

for (const { name, missing, open } of testDatabases) {
  describeWith(`an open ${name} database`, missing, () => {
    test('answers a check until it is closed', async () => {
      const { database, url, close } = await open();
      const other = await openDatabase(url);
      await other.check();
      await other.close();
      await expect(other.check()).rejects.toThrow();
      await database.check();
      await close();
    });
  });
}
