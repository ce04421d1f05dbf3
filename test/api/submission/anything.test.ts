import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestApi, PREFIX, type TestApi } from '../../support/api.ts';
import { attachment, formBody } from '../../support/multipart.ts';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

const anyText = fc.string({ unit: 'binary', maxLength: 12 });

it('what is accepted comes back as it was sent; the rest is refused with a reason', async () => {
  const request = fc.record({
    workflow_type: fc.constant('FAKE'),
    workflow_type_version: fc.constant('1.0'),
    workflow_url: fc.oneof(fc.constant('https://example.org/a'), fc.webUrl(), anyText),
    workflow_params: fc.dictionary(anyText, fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' })),
    tags: fc.dictionary(anyText, anyText),
  });
  await fc.assert(
    fc.asyncProperty(request, async (payload) => {
      const { status, body } = await api.request({
        method: 'POST',
        url: `${PREFIX}/runs`,
        payload,
      });
      if (status !== 200) {
        expect([status, body.status_code]).toEqual([400, 400]);
        expect(body.msg).toMatch(/^\w+: /);
        return;
      }
      const echo = (await api.get(`/runs/${body.run_id}`)).body.request;
      const sent = { ...payload, workflow_url: payload.workflow_url.trim() };
      expect(echo).toEqual(JSON.parse(JSON.stringify(sent)));
    }),
    { numRuns: 150 },
  );
});

it('an attachment is stored under the name it was sent with, or refused', async () => {
  const name = fc.string({
    unit: fc.constantFrom('a', 'B', 'é', '.', '/', '\\', ' ', '%', "'", '~'),
  });
  await fc.assert(
    fc.asyncProperty(name, async (filename) => {
      const fields = { workflow_type: 'FAKE', workflow_type_version: '1.0' };
      const parts = Object.entries({ ...fields, workflow_url: 'https://example.org/a' });
      const form = formBody([
        ...parts.map(([key, value]) => ({ name: key, value })),
        // Within quotes a backslash stands before what would end them (RFC 9110, section 5.6.4).
        attachment(filename.replaceAll('\\', '\\\\')),
      ]);
      const { status, body } = await api.request({
        method: 'POST',
        url: `${PREFIX}/runs`,
        ...form,
      });
      if (status === 400) expect(body.msg).toMatch(/^workflow_attachment: /);
      else {
        expect(status).toBe(200);
        expect(await api.store.listAttachments(body.run_id)).toMatchObject([{ name: filename }]);
        expect(await api.storage.stat(`runs/${body.run_id}/attachments/${filename}`)).toBeDefined();
      }
    }),
    { numRuns: 100 },
  );
});
