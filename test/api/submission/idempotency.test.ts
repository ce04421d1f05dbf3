import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  bearer,
  createNameAuthenticator,
  createTestApi,
  PREFIX,
  type TestApi,
} from '../../support/api.ts';
import { attachment, CWL_FIELDS, formBody, type FormPart } from '../../support/multipart.ts';

let api: TestApi;
beforeEach(async () => {
  api = await createTestApi({ authenticator: createNameAuthenticator() });
});
afterEach(() => api.close());

const FORM = [...CWL_FIELDS, attachment('main.cwl'), attachment('data.txt', 'data')];

function submit(key: string, parts: readonly FormPart[] = FORM, user = 'alice') {
  const { headers, payload } = formBody(parts);
  return api.request({
    method: 'POST',
    url: `${PREFIX}/runs`,
    headers: { ...headers, ...bearer(user), 'idempotency-key': key },
    payload,
  });
}

async function storedRuns(): Promise<ReadonlySet<string | undefined>> {
  return new Set((await api.storedKeys()).map((key) => key.split('/')[1]));
}

describe('a submission with an Idempotency-Key', () => {
  it('that is repeated gives the first run, and stores nothing again', async () => {
    const first = await submit('key');
    const again = await submit('key', FORM.toReversed());
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(await storedRuns()).toEqual(new Set([first.body.run_id]));
    expect(api.changes).toEqual([first.body.run_id]);
  });

  it('that is repeated by many at once makes one run', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => submit('key')));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(new Set(answers.map(({ body }) => body.run_id)).size).toBe(1);
    expect((await storedRuns()).size).toBe(1);
  });

  it.each<[string, readonly FormPart[]]>([
    ['another field', [...FORM, { name: 'tags', value: '{"a": "b"}' }]],
    ['another attachment', [...FORM, attachment('more.txt')]],
    ['another content', [...CWL_FIELDS, attachment('main.cwl'), attachment('data.txt', 'DATA')]],
  ])('that has %s is refused with 422 and leaves nothing behind', async (_what, parts) => {
    const first = await submit('key');
    const other = await submit('key', parts);
    expect(other).toMatchObject({ status: 422, body: { status_code: 422 } });
    expect(other.body.msg).toContain('Idempotency-Key');
    expect(other.body.msg).toContain(first.body.run_id);
    expect(await storedRuns()).toEqual(new Set([first.body.run_id]));
  });

  it('of another user is another one', async () => {
    const [alice, bob] = [await submit('key'), await submit('key', FORM, 'bob')];
    expect(bob.status).toBe(200);
    expect(bob.body.run_id).not.toBe(alice.body.run_id);
  });

  it('that was refused may be sent again with the same key', async () => {
    expect((await submit('key', CWL_FIELDS)).status).toBe(400);
    expect((await submit('key')).status).toBe(200);
  });

  it.each(['', 'with space', 'x'.repeat(256), 'é'])('%j is no key', async (key) => {
    const response = await submit(key);
    expect(response).toMatchObject({ status: 400, body: { status_code: 400 } });
    expect(response.body.msg).toMatch(/^Idempotency-Key: /);
    expect(await api.storedKeys()).toEqual([]);
  });

  it('may have 255 characters', async () => {
    expect((await submit('x'.repeat(255))).status).toBe(200);
  });
});

it('without a key every submission is a new run', async () => {
  const { headers, payload } = formBody(FORM);
  const send = () =>
    api.request({
      method: 'POST',
      url: `${PREFIX}/runs`,
      headers: { ...headers, ...bearer('alice') },
      payload,
    });
  expect((await send()).body.run_id).not.toBe((await send()).body.run_id);
});
