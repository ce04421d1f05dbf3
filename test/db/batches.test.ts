import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batches } from '../../src/db/batches.ts';

test('batches hold all rows in their order, none is empty or too long', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ id: fc.nat(), text: fc.string() }), { maxLength: 900 }),
      (rows) => {
        const groups = batches(rows);
        expect(groups.flat()).toEqual(rows);
        expect(groups.every((group) => group.length > 0 && group.length <= 200)).toBe(true);
      },
    ),
  );
});

test('rows with much text come in small batches, one that is too large alone', () => {
  const row = (length: number) => ({ text: 'x'.repeat(length) });
  const sizes = batches([row(600_000), row(300_000), row(300_000), row(5_000_000), row(1)]).map(
    (group) => group.length,
  );
  expect(sizes).toEqual([2, 1, 1, 1]);
});
