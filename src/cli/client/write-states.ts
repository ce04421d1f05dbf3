import type { RunState } from '../../wes/reading.ts';
import { writeJson, type Terminal } from '../terminal.ts';
import { writeTable } from '../write-table.ts';
import { colourOfState } from './run-display.ts';

/** Runs with their states and nothing more: a table for people, or JSON for scripts. */
export function writeStates(
  terminal: Terminal,
  states: readonly Pick<RunState, 'run_id' | 'state'>[],
  options: { readonly json?: boolean },
): void {
  if (options.json === true) {
    const documents = states.map(({ run_id, state }) => ({ run_id, state }));
    writeJson(terminal, documents);
    return;
  }
  writeTable(terminal.stdout, states, [
    { title: 'RUN', value: (run) => run.run_id },
    { title: 'STATE', value: (run) => run.state, colour: (run) => colourOfState(run.state) },
  ]);
}
