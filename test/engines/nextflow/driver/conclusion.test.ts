import { expect, test } from 'vitest';
import { conclude } from '../../../../src/engines/nextflow/driver/conclusion.ts';

const BANNER = 'N E X T F L O W  ~  version 24.10.0\nLaunching `main.nf` [wes_1] DSL2\n';

const ended = (said: string, exitCode = 1, stderr = '') => ({
  exitCode,
  stdout: BANNER + said,
  stderr,
});

test('what Nextflow marked as an error is the message, without its hints and marks', () => {
  const said =
    "WARN: old\nERROR ~ No such variable: x\n\n -- Check script 'main.nf' at line: 3\nWARN: more\n";
  expect(conclude(ended(said), 0)).toEqual({
    status: 'invalid',
    message: 'No such variable: x',
  });
  expect(conclude(ended('[ab/cdef01] Submitted process > a\nplease give --reads\n'), 0)).toEqual({
    status: 'invalid',
    message: 'please give --reads',
  });
});

test('an error after the first task is a failure of the workflow', () => {
  expect(conclude(ended('ERROR ~ no\n'), 1).status).toBe('permanentFail');
});

test.each([
  ['killed', ended('', 137)],
  ['out of memory', ended('ERROR ~ java.lang.OutOfMemoryError: Java heap space\n')],
  ['out of disk', ended('ERROR ~ a: No space left on device\n')],
  ['never up', { exitCode: 1, stdout: '', stderr: 'Error: could not create the virtual machine' }],
])('a Nextflow that was %s is the fault of the machine', (_what, end) => {
  expect(conclude(end, 0).status).toBe('error');
});

test('a plugin that is not there is told as such', () => {
  const said = 'ERROR ~ Cannot find plugin nf-schema@2.0.0 in offline mode\n';
  expect(conclude(ended(said), 0).status).toBe('unsupported');
});
