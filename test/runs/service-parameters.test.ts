import { expect, test } from 'vitest';
import { readServiceParameters, SERVICE_PARAMETERS } from '../../src/runs/service-parameters.ts';

test('a request that asks for nothing has the normal priority, no time limit of its own and no cache', () => {
  expect(readServiceParameters(undefined)).toEqual({ priority: 0, cache: false });
  expect(readServiceParameters({ parallel: 'true' })).toEqual({ priority: 0, cache: false });
});

test('what the list calls the default is the same as asking for nothing', () => {
  const defaults = SERVICE_PARAMETERS.map(({ name, defaultValue }) => [name, defaultValue]);
  expect(readServiceParameters(Object.fromEntries(defaults))).toEqual(readServiceParameters({}));
});

test.each([
  [{ priority: '10' }, { priority: 10 }],
  [{ priority: '-10' }, { priority: -10 }],
  [{ timeout: '1' }, { priority: 0, timeoutSeconds: 1 }],
  [{ timeout: '315360000' }, { priority: 0, timeoutSeconds: 315_360_000 }],
  [{ cache: 'true' }, { priority: 0, cache: true }],
  [{ cache: 'False' }, { priority: 0 }],
  [{ stage: ' HTTPS, s3' }, { priority: 0, stage: ['https', 's3'] }],
  [{ stage: 'none' }, { priority: 0, stage: [] }],
  [{ stage: '' }, { priority: 0 }],
])('%j is read', (given, read) => {
  expect(readServiceParameters(given)).toEqual({ cache: false, ...read });
});

test.each(['https,', 'https;s3', 'https://', 'all of them'])('stage %j is refused', (stage) => {
  const message = `workflow_engine_parameters.stage: must be schemes separated by commas, as 'https,s3', or none, not '${stage}'`;
  expect(() => readServiceParameters({ stage })).toThrow(message);
});

test.each([
  '11',
  '-11',
  '',
  ' 1',
  '+1',
  '01',
  '-0',
  '1.0',
  '1e0',
  '0x1',
  'high',
  '١',
  '9'.repeat(400),
])('a priority of %j is refused with what is allowed', (priority) => {
  const message = `workflow_engine_parameters.priority: must be a whole number from -10 to 10, not '${priority}'`;
  expect(() => readServiceParameters({ priority })).toThrow(
    expect.objectContaining({ code: 'invalid_request', message }),
  );
});

test.each(['-1', '1m', '315360001'])(
  'a timeout of %j is refused with what is allowed',
  (timeout) => {
    expect(() => readServiceParameters({ timeout })).toThrow(
      `workflow_engine_parameters.timeout: must be a whole number from 0 to 315360000, not '${timeout}'`,
    );
  },
);

test.each(['', 'yes', '1', ' true'])('a cache of %j is refused with what is allowed', (cache) => {
  expect(() => readServiceParameters({ cache })).toThrow(
    `workflow_engine_parameters.cache: must be true or false, not '${cache}'`,
  );
});
