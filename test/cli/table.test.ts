import { describe, expect, test } from 'vitest';
import { tableLines, type Column } from '../../src/cli/table.ts';

interface Row {
  readonly id: string;
  readonly name: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'ID', value: (row) => row.id },
  { title: 'NAME', value: (row) => row.name, shrinks: true },
];
const plain = (_colour: string, text: string) => text;

describe('a table', () => {
  test('lines its columns up, without blanks at the ends of lines', () => {
    const rows = [
      { id: '1', name: 'one' },
      { id: '22', name: '' },
    ];
    expect(tableLines(rows, COLUMNS, { width: undefined, paint: plain })).toEqual([
      'ID  NAME',
      '1   one',
      '22',
    ]);
  });

  test('is cut to the width of the terminal only in columns that may shrink', () => {
    const rows = [{ id: 'a-long-id-of-a-run', name: 'a long name of something' }];
    const [, line] = tableLines(rows, COLUMNS, { width: 32, paint: plain });
    expect(line).toBe('a-long-id-of-a-run  a long name…');
    const [, narrow] = tableLines(rows, COLUMNS, { width: 5, paint: plain });
    expect(narrow).toBe('a-long-id-of-a-run  a long …');
  });

  test('shows nothing that could steer a terminal', () => {
    const rows = [{ id: '1', name: 'a\u001b[2Jb\nc\u009bd' }];
    const [, line] = tableLines(rows, COLUMNS, { width: undefined, paint: plain });
    expect(line).toBe('1   a [2Jb c d');
  });

  test('colours cells without counting the colour as width', () => {
    const coloured: Column<Row>[] = [{ title: 'ID', value: (row) => row.id, colour: () => 'red' }];
    const paint = (colour: string, text: string) => `<${colour}>${text}</>`;
    expect(tableLines([{ id: '1', name: '' }], coloured, { width: 80, paint })).toEqual([
      '<dim>ID</>',
      '<red>1 </>',
    ]);
  });
});
