import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { createStatementCache } from '../../../src/db/dialects/sqlite-statement-cache.ts';

test('a statement is prepared once while it is used, and forgotten when many came after it', () => {
  const database = new DatabaseSync(':memory:');
  const cache = createStatementCache(database);
  const used = cache.get('select 0');
  const unused = cache.get('select 1');
  for (let n = 2; n < 400; n += 1) {
    cache.get(`select ${n}`);
    expect(cache.get('select 0')).toBe(used);
  }
  expect(cache.get('select 1')).not.toBe(unused);
  database.close();
});
