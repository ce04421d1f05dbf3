import { v7 } from 'uuid';
import { expect, it } from 'vitest';
import { isRunId, runIdTime } from '../../src/runs/run-id.ts';

it('a UUID in lower case is a run id', () => {
  expect(isRunId(v7())).toBe(true);
});

it.each(['', 'abc', v7().toUpperCase(), `${v7()} `, v7().replaceAll('-', ''), `${v7()}\n`])(
  '%j is none',
  (text) => {
    expect(isRunId(text)).toBe(false);
  },
);

it('an id tells when it was made', () => {
  expect(runIdTime(v7({ msecs: 1_795_445_190_105 }))).toBe(1_795_445_190_105);
});
