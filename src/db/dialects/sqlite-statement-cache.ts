import type { DatabaseSync, StatementSync } from 'node:sqlite';

export interface StatementCache {
  get(sql: string): StatementSync;
}

const CAPACITY = 300;

/** Prepared statements by their text; the ones not used for longest make room. */
export function createStatementCache(database: DatabaseSync): StatementCache {
  const statements = new Map<string, StatementSync>();
  return {
    get(sql) {
      const statement = statements.get(sql) ?? database.prepare(sql);
      // Set anew, it is the youngest: a Map keeps the order of insertion.
      statements.delete(sql);
      statements.set(sql, statement);
      const oldest = statements.keys().next().value;
      if (statements.size > CAPACITY && oldest !== undefined) statements.delete(oldest);
      return statement;
    },
  };
}
