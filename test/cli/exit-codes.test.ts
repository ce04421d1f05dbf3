import { describe, expect, test } from 'vitest';
import { EXIT, exitCodeOf, InterruptedError, UsageError } from '../../src/cli/exit-codes.ts';
import { ConfigError } from '../../src/config.ts';
import { WesError } from '../../src/runs/errors.ts';
import { WesClientError } from '../../src/wes/client-error.ts';

describe('the exit status', () => {
  test.each([
    ['an interruption', new InterruptedError(), EXIT.interrupted],
    ['wrong usage', new UsageError('x'), EXIT.usage],
    ['a wrong configuration', new ConfigError(['x']), EXIT.usage],
    ['a refusal', new WesClientError('refused', 'x', 400), EXIT.refused],
    ['a run that is not there', new WesClientError('not_found', 'x', 404), EXIT.notFound],
    ['missing credentials', new WesClientError('unauthorized', 'x', 401), EXIT.unauthorized],
    ['a broken server', new WesClientError('server_error', 'x', 500), EXIT.unavailable],
    ['a server that is not there', new WesClientError('unreachable', 'x'), EXIT.unavailable],
    ['a setting that is refused', new WesError('invalid_request', 'x'), EXIT.usage],
    ['an error with a code', new WesError('run_not_found', 'x'), EXIT.notFound],
    ['anything else', new Error('x'), EXIT.failed],
  ])('of %s is its own', (_what, error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });
});
