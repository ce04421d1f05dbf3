import { setTimeout as delay } from 'node:timers/promises';
import { readJson } from './api-client.ts';
import type { ClientContext } from './client-context.ts';
import type { AcceptedRun, KnownRun } from './ledger.ts';
import type { RunPlan } from './workload.ts';

const TRIES = 6;

/** Submits until it is answered, with the same key each time, so that a lost answer does no harm. */
export async function submit(context: ClientContext, plan: RunPlan): Promise<void> {
  const run = context.ledger.add(plan, context.user.name);
  await repeat(context, run, {
    key: plan.label,
    send: (headers) => context.api.call('POST', '/runs', { body: formOf(plan), headers }),
    mayRefuse: [429],
  });
}

/** Asks for the run again, which may be in any state, or just be removed. */
export async function rerun(
  context: ClientContext,
  origin: AcceptedRun,
  key: string,
): Promise<void> {
  const run = context.ledger.add(origin.plan, context.user.name, origin.runId);
  await repeat(context, run, {
    key,
    send: (headers) => context.api.call('POST', `/runs/${origin.runId}/rerun`, { headers }),
    // Attachments go a moment before or after the record.
    mayRefuse: origin.isRemoveTried ? [429, 404, 409] : [429],
    mayRefuseLater: () => (origin.isRemoveTried ? [404, 409] : []),
  });
}

interface Repetition {
  readonly key: string;
  readonly send: (headers: Readonly<Record<string, string>>) => Promise<Response | undefined>;
  /** Statuses, other than those of a service in trouble, that the rules allow. */
  readonly mayRefuse: readonly number[];
  /** As it stands when the answer is there. */
  readonly mayRefuseLater?: () => readonly number[];
}

async function repeat(
  { ledger, random }: ClientContext,
  run: KnownRun,
  { key, send, mayRefuse, mayRefuseLater = () => [] }: Repetition,
): Promise<void> {
  let isUnknown = false;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const answer = await send({ 'idempotency-key': key });
    const body = answer && (await readJson(answer));
    if (answer?.ok === true && typeof body?.run_id === 'string') {
      return ledger.accept(run, body.run_id);
    }
    if (answer !== undefined && answer.status < 500 && !answer.ok) {
      // After an answer that was lost there may be a run all the same.
      run.isRefused = !isUnknown;
      if ([...mayRefuse, ...mayRefuseLater()].includes(answer.status)) return;
      const detail = `${answer.status}: ${String(body?.msg)}`;
      return ledger.violate('a good request is accepted', undefined, detail);
    }
    isUnknown = true;
    await delay(random.between(200, 1000));
  }
}

function formOf({ label, fields, attachments }: RunPlan): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('tags', JSON.stringify({ label }));
  for (const [name, content] of Object.entries(attachments)) {
    form.append('workflow_attachment', new Blob([content]), name);
  }
  return form;
}
