import { join } from 'node:path';
import type { Command } from '../../runs/command.ts';
import type { ValidationContext } from '../engine.ts';

/** The options with which a driver only validates; see `driver/validation.py` of each engine. */
export function validationArguments(context: ValidationContext): readonly string[] {
  const { directory, allowedFileRoots, seconds } = context;
  return [
    '--validate',
    ...['--run-root', directory.root],
    ...['--events', directory.events],
    ...['--inputs', directory.inputs],
    ...['--elsewhere', elsewherePath(context)],
    ...['--seconds', String(seconds)],
    ...allowedFileRoots.flatMap((root) => ['--allow-root', root]),
  ];
}

/** The files that `validationArguments` names. */
export function validationFiles(context: ValidationContext, inputs: string): Command['files'] {
  const { directory, allowedFileRoots, placeholders } = context;
  // What lies below the roots may be on the machines of the daemons only.
  const elsewhere = JSON.stringify([...placeholders, ...allowedFileRoots]);
  return [
    { path: directory.inputs, content: inputs },
    { path: elsewherePath(context), content: elsewhere },
  ];
}

function elsewherePath({ directory }: ValidationContext): string {
  return join(directory.root, 'elsewhere.json');
}
