import { expect, test } from 'vitest';
import { createProbe } from '../../../src/cli/engines/probe.ts';

test('what a program printed and its exit code are told', async () => {
  const probe = createProbe();
  expect(await probe(['sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({
    exitCode: 3,
    stdout: 'out\n',
    stderr: 'err\n',
  });
  expect(await probe(['true'])).toMatchObject({ exitCode: 0 });
});

test('a program that is not there, or may not be executed, gives nothing', async () => {
  const probe = createProbe();
  expect(await probe(['no-such-program-here'])).toBeUndefined();
  expect(await probe(['/dev/null'])).toBeUndefined();
  expect(await probe([])).toBeUndefined();
});

test('a program that hangs or reads its input is ended', async () => {
  const probe = createProbe({ timeoutSeconds: 0.2 });
  expect(await probe(['sleep', '60'])).toMatchObject({ exitCode: 124 });
  expect(await createProbe()(['cat'])).toMatchObject({ exitCode: 0, stdout: '' });
});

test('a program that prints without end is ended', async () => {
  const result = await createProbe()(['yes']);
  expect(result?.exitCode).toBe(124);
  expect(result?.stdout.length).toBeLessThanOrEqual(1024 * 1024);
});

test('programs see the environment that was given', async () => {
  const probe = createProbe({ environment: { PATH: '/usr/bin:/bin', X: 'y' } });
  expect(await probe(['sh', '-c', 'echo $X'])).toMatchObject({ stdout: 'y\n' });
});
