const BATCH_ROWS = 200;
/** Far below the 16 MiB that a MySQL server takes in one packet by default. */
const BATCH_CHARACTERS = 1_000_000;

/** Cuts rows into groups small enough for one INSERT each, by number and by size of their text. */
export function batches<T extends object>(rows: readonly T[]): readonly (readonly T[])[] {
  const groups: T[][] = [];
  let current: T[] = [];
  let characters = 0;
  for (const row of rows) {
    const length = textLength(row);
    const isFull = current.length === BATCH_ROWS || characters + length > BATCH_CHARACTERS;
    if (current.length === 0 || isFull) {
      current = [];
      characters = 0;
      groups.push(current);
    }
    current.push(row);
    characters += length;
  }
  return groups;
}

function textLength(row: object): number {
  return Object.values(row).reduce<number>(
    (sum, value) => sum + (typeof value === 'string' ? value.length : 0),
    0,
  );
}
