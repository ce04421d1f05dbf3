import { plainText, type Colour, type Paint } from './terminal.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly colour?: (row: Row) => Colour | undefined;
  /** Cut with an ellipsis when the table is wider than the terminal; ids and states never are. */
  readonly shrinks?: boolean;
}

export interface TableStyle {
  /** Columns of the terminal; undefined when the table goes to a file or a pipe, where nothing is cut. */
  readonly width: number | undefined;
  readonly paint: Paint;
}

const GAP = '  ';
const NARROWEST = 8;

/** The lines of a table: titles, then one line for each row. */
export function tableLines<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  style: TableStyle,
): readonly string[] {
  const cells = rows.map((row) => columns.map((column) => plainText(column.value(row))));
  const widths = fittingWidths(columns, cells, style.width);
  const title = columns.map((column, index) => padded(column.title, widths[index] ?? 0));
  const lines = rows.map((row, rowIndex) => {
    const line = columns.map((column, index) => {
      const text = padded(cells[rowIndex]?.[index] ?? '', widths[index] ?? 0);
      const colour = column.colour?.(row);
      return colour === undefined ? text : style.paint(colour, text);
    });
    return line.join(GAP).trimEnd();
  });
  return [style.paint('dim', title.join(GAP).trimEnd()), ...lines];
}

function fittingWidths<Row>(
  columns: readonly Column<Row>[],
  cells: readonly (readonly string[])[],
  width: number | undefined,
): number[] {
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((row) => lengthOf(row[index] ?? ''))),
  );
  if (width === undefined) return widths;
  const total = () => widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1));
  while (total() > width) {
    const widest = widestShrinking(columns, widths);
    if (widest === undefined) break;
    const excess = total() - width;
    widths[widest] = Math.max(NARROWEST, (widths[widest] ?? 0) - Math.min(excess, 4));
  }
  return widths;
}

function widestShrinking<Row>(
  columns: readonly Column<Row>[],
  widths: readonly number[],
): number | undefined {
  const candidates = columns
    .map((column, index) => ({ index, width: widths[index] ?? 0, shrinks: column.shrinks }))
    .filter((column) => column.shrinks === true && column.width > NARROWEST);
  return candidates.toSorted((one, other) => other.width - one.width)[0]?.index;
}

function padded(text: string, width: number): string {
  const length = lengthOf(text);
  if (length > width) return `${[...text].slice(0, Math.max(0, width - 1)).join('')}…`;
  return text + ' '.repeat(width - length);
}

/** In code points: near enough to columns for the names that workflows use. */
function lengthOf(text: string): number {
  return [...text].length;
}
