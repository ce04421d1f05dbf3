import { tableLines, type Column } from './table.ts';
import { painterFor, writeLine, type Terminal } from './terminal.ts';

/** A table for people: fitted to a terminal, uncut and without colour anywhere else. */
export function writeTable<Row>(
  stream: Terminal['stdout'],
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): void {
  const width = stream.isTTY === true ? stream.columns : undefined;
  for (const line of tableLines(rows, columns, { width, paint: painterFor(stream) })) {
    writeLine(stream, line);
  }
}
