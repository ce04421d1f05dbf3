import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../../src/runs/run.ts';
import type { RunStore } from '../../../src/runs/run-store.ts';
import { isTerminal, sourcesOf, STORED_STATES } from '../../../src/runs/state.ts';
import { newRun, uniqueName } from '../../support/sample-runs.ts';

const DAEMONS = [randomUUID(), randomUUID(), randomUUID()];

type Step =
  | { readonly kind: 'claim' | 'cancel' | 'pause' | 'resume' }
  | { readonly kind: 'move'; readonly to: (typeof STORED_STATES)[number]; readonly attempt: number }
  | { readonly kind: 'take over'; readonly from: string; readonly attempt: number };

const attempts = fc.integer({ min: 1, max: 2 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('claim' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('cancel', 'pause', 'resume') }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      to: fc.constantFrom(...STORED_STATES),
      attempt: attempts,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('take over' as const),
      from: fc.constantFrom(...DAEMONS),
      attempt: attempts,
    }),
  },
);

/** Several daemons and a client do what they like with one run, at the same time. */
export function describeInterleaving(store: () => RunStore): void {
  async function perform(step: Step, daemonId: string, run: { runId: string; engine: string }) {
    const { runId, engine } = run;
    switch (step.kind) {
      case 'claim': {
        const engines = [{ engine, versions: ['1'] }];
        const claimed = await store().claimRun({ daemonId, executor: 'local', at: 1, engines });
        return claimed !== undefined;
      }
      case 'cancel':
        await store().requestCancel(runId, 'user:alice', 1);
        return false; // Counted by its actor.
      case 'pause':
      case 'resume':
        await store().requestPause({
          runId,
          pause: step.kind === 'pause',
          actor: 'user:alice',
          at: 1,
        });
        return false;
      case 'move': {
        const { to, attempt } = step;
        return store().moveRun({ runId, daemonId, attempt, to, at: 1, reason: 'a test' });
      }
      case 'take over': {
        const lease = { daemonId: step.from, attempt: step.attempt };
        return store().takeOver(runId, lease, daemonId, 1);
      }
    }
  }

  describe('whatever several daemons and a client do at once', () => {
    test('a run moves by the table of states, and its history tells every move', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.tuple(...DAEMONS.map(() => fc.array(steps, { maxLength: 12 }))),
          async (plans) => {
            const run = newRun({ engine: uniqueName('engine') });
            await store().createRun(run);
            const counts = await Promise.all(
              plans.map(async (plan, index) => {
                let successes = 0;
                const daemonId = DAEMONS[index] ?? '';
                for (const step of plan) successes += Number(await perform(step, daemonId, run));
                return successes;
              }),
            );
            const events = await store().listEvents(run.runId);
            expectChain(events);
            const { state, pauseRequested } = (await store().getRun(run.runId)) ?? {};
            if (pauseRequested === true) expect(['RUNNING', 'PAUSED']).toContain(state);
            expect((await store().getRunState(run.runId))?.state).toBe(events.at(-1)?.to);
            for (const [index, count] of counts.entries()) {
              const own = events.filter((event) => event.actor === `daemon:${DAEMONS[index]}`);
              expect(own).toHaveLength(count);
            }
          },
        ),
        { numRuns: 40 },
      );
    });
  });
}

function expectChain(events: readonly RunEvent[]): void {
  for (const [index, { from, to }] of events.slice(1).entries()) {
    expect(from).toBe(events[index]?.to);
    if (from === undefined || from === to) continue;
    expect(sourcesOf(to)).toContain(from);
    expect(isTerminal(from)).toBe(false);
  }
}
