import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestApi, PREFIX, type TestApi, type TestRequest } from '../../support/api.ts';
import { attachment, CWL_FIELDS, formBody, type FormPart } from '../../support/multipart.ts';

let api: TestApi;
beforeEach(async () => {
  api = await createTestApi();
});
afterEach(() => api.close());

function submit(request: Partial<TestRequest>) {
  return api.request({ method: 'POST', url: `${PREFIX}/runs`, ...request });
}

function submitForm(parts: readonly FormPart[], headers: Readonly<Record<string, string>> = {}) {
  const body = formBody(parts);
  return submit({ ...body, headers: { ...body.headers, ...headers } });
}

/** The request of a run as GetRunLog tells it. */
async function echo(response: { readonly body: { readonly run_id: string } }) {
  return (await api.get(`/runs/${response.body.run_id}`)).body.request;
}

describe('a form', () => {
  it('makes a run that is QUEUED, owned by the caller, with its attachments in storage', async () => {
    const response = await submitForm([
      ...CWL_FIELDS,
      { name: 'workflow_params', value: '{"reads": {"class": "File", "location": "data/r.fq"}}' },
      { name: 'tags', value: '{"project": "x"}' },
      { name: 'workflow_engine', value: 'cwltool' },
      { name: 'workflow_engine_version', value: '3.0' },
      { name: 'workflow_engine_parameters', value: '{"label": "a"}' },
      attachment('main.cwl', 'the workflow'),
      attachment('data/r.fq', '@r1'),
    ]);
    expect(response).toMatchObject({ status: 200, body: { run_id: expect.any(String) } });
    const { run_id: runId } = response.body;
    expect(await api.store.getRun(runId)).toMatchObject({
      state: 'QUEUED',
      owner: 'anonymous',
      engine: 'cwltool',
    });
    expect(await api.store.listAttachments(runId)).toEqual([
      { name: 'main.cwl', sizeBytes: 12, sha256: sha256('the workflow') },
      { name: 'data/r.fq', sizeBytes: 3, sha256: sha256('@r1') },
    ]);
    expect(await api.storedKeys()).toEqual([
      `runs/${runId}/attachments/data/r.fq`,
      `runs/${runId}/attachments/main.cwl`,
    ]);
    expect(await echo(response)).toEqual({
      workflow_type: 'CWL',
      workflow_type_version: 'v1.2',
      workflow_url: 'main.cwl',
      workflow_params: { reads: { class: 'File', location: 'data/r.fq' } },
      tags: { project: 'x' },
      workflow_engine: 'cwltool',
      workflow_engine_version: '3.0',
      workflow_engine_parameters: { label: 'a' },
    });
    expect(api.changes).toEqual([runId]);
  });

  it('may have its attachments before its fields', async () => {
    const response = await submitForm([attachment('main.cwl'), ...CWL_FIELDS]);
    expect(response.status).toBe(200);
  });

  it.each<[string, readonly FormPart[]]>([
    ['JSON of any content type', [part('workflow_params', '{"a": 1}', 'application/json')]],
    ['JSON that says that it is a picture', [part('workflow_params', '{"a": 1}', 'image/png')]],
    [
      'JSON with a file name',
      [{ ...part('workflow_params', '{"a": 1}', 'application/json'), filename: 'inputs.json' }],
    ],
    ['JSON after a byte order mark', [part('workflow_params', '\uFEFF{"a": 1}')]],
  ])('may hold %s', async (_what, parts) => {
    const response = await submitForm([...CWL_FIELDS, attachment('main.cwl'), ...parts]);
    expect(await echo(response)).toMatchObject({ workflow_params: { a: 1 } });
  });

  it('may say of plain text that it is JSON', async () => {
    const response = await submitForm([
      part('workflow_type', 'CWL', 'application/json'),
      part('workflow_type_version', 'v1.2', 'application/json'),
      part('workflow_url', 'main.cwl', 'application/json'),
      attachment('main.cwl'),
    ]);
    expect(response.status).toBe(200);
  });

  it('may call its attachments workflow_attachment[]', async () => {
    const response = await submitForm([
      ...CWL_FIELDS,
      { ...attachment('main.cwl'), name: 'workflow_attachment[]' },
    ]);
    expect(response.status).toBe(200);
  });

  it('may have a workflow whose name is percent-encoded in workflow_url, with a fragment', async () => {
    const response = await submitForm([
      ...CWL_FIELDS.slice(0, 2),
      part('workflow_url', 'my%20workflow.cwl#main'),
      attachment('my workflow.cwl'),
    ]);
    expect(await echo(response)).toMatchObject({ workflow_url: 'my%20workflow.cwl#main' });
  });

  it('may have empty fields, and an empty workflow_params is an empty object', async () => {
    const response = await submitForm([
      ...CWL_FIELDS,
      ...['workflow_params', 'tags', 'workflow_engine', 'workflow_engine_version'].map((name) =>
        part(name, ''),
      ),
      attachment('main.cwl'),
    ]);
    expect(await echo(response)).toEqual({
      workflow_type: 'CWL',
      workflow_type_version: 'v1.2',
      workflow_url: 'main.cwl',
      workflow_params: {},
    });
  });

  it('may name type and version as clients in the field do', async () => {
    const response = await submitForm([
      part('workflow_type', 'cwl'),
      part('workflow_type_version', '1.2'),
      part('workflow_url', 'https://example.org/main.cwl'),
    ]);
    expect(await echo(response)).toMatchObject({
      workflow_type: 'CWL',
      workflow_type_version: 'v1.2',
    });
  });

  it('may name the engine workflow_engine_name', async () => {
    const response = await submitForm([
      ...CWL_FIELDS,
      attachment('main.cwl'),
      part('workflow_engine_name', 'cwltool'),
    ]);
    expect(await echo(response)).toMatchObject({ workflow_engine: 'cwltool' });
  });

  it('may give engine parameters as numbers, booleans and null', async () => {
    const response = await submitForm([
      ...CWL_FIELDS,
      attachment('main.cwl'),
      part('workflow_engine_parameters', '{"parallel": false, "label": null}'),
    ]);
    expect(await echo(response)).toMatchObject({
      workflow_engine_parameters: { parallel: 'false', label: '' },
    });
  });

  it('may have fields and files that this service does not know', async () => {
    const response = await submitForm([
      ...CWL_FIELDS,
      attachment('main.cwl'),
      part('colour', 'green'),
      { name: 'logo', filename: '../logo.png', value: 'png' },
    ]);
    expect(response.status).toBe(200);
    expect(await api.storedKeys()).toHaveLength(1);
  });

  it('may have empty lists of remote attachments', async () => {
    const response = await submitForm([
      ...CWL_FIELDS,
      attachment('main.cwl'),
      part('workflow_attachment_obj', '[]'),
      part('workflow_attachment', ''),
    ]);
    expect(response.status).toBe(200);
  });

  it('may have an empty attachment', async () => {
    const response = await submitForm([...CWL_FIELDS, attachment('main.cwl'), attachment('e', '')]);
    const attachments = await api.store.listAttachments(response.body.run_id);
    expect(attachments[1]).toEqual({ name: 'e', sizeBytes: 0, sha256: sha256('') });
  });
});

describe('a body of another type', () => {
  const fields = {
    workflow_type: 'CWL',
    workflow_type_version: 'v1.0',
    workflow_url: 'https://example.org/main.cwl',
  };

  it('may be JSON', async () => {
    const payload = { ...fields, workflow_params: { a: [1] }, tags: { k: 'v' } };
    expect(await echo(await submit({ payload }))).toEqual(payload);
  });

  it('may be urlencoded', async () => {
    const payload = new URLSearchParams({ ...fields, workflow_params: '{"a": "+ &"}' }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await echo(await submit({ headers, payload }))).toEqual({
      ...fields,
      workflow_params: { a: '+ &' },
    });
  });

  it.each([
    ['text/plain', 'hello'],
    ['application/xml', '<run/>'],
    ['application/json+cwl', '{}'],
    ['nonsense', '{}'],
  ])('%s is refused with 415', async (type, payload) => {
    const response = await submit({ headers: { 'content-type': type }, payload });
    expect(response).toMatchObject({ status: 415, body: { status_code: 415 } });
    expect(response.body.msg).toContain('multipart/form-data');
  });

  it.each([
    ['{', 'body: is not valid JSON'],
    ['[]', 'body: must be a JSON object'],
    ['"x"', 'body: must be a JSON object'],
    ['null', 'required fields are missing'],
    ['', 'required fields are missing'],
    ['{"__proto__": {}}', '__proto__'],
    [`{"a": ${'['.repeat(50_000)}`, '100 levels'],
    ['{"workflow_attachment": [{"file_name": "a", "file_url": "http://b"}]}', 'can not be fetched'],
  ])('of JSON %s is refused', async (payload, problem) => {
    const response = await submit({ headers: { 'content-type': 'application/json' }, payload });
    expect(response.status).toBe(400);
    expect(response.body.msg).toContain(problem);
  });

  it.each([
    ['application/json', Buffer.from([...Buffer.from('{"tags": {"a": "'), 0xe9, 0x22, 0x7d, 0x7d])],
    ['application/x-www-form-urlencoded', 'tags=%7B%22a%22%3A%22%E9%22%7D'],
  ])('of %s that is no UTF-8 is refused, not changed', async (contentType, payload) => {
    const response = await submit({ headers: { 'content-type': contentType }, payload });
    expect(response).toMatchObject({
      status: 400,
      body: { msg: expect.stringContaining('is not valid UTF-8') },
    });
  });

  it('that has a field twice is refused', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await submit({ headers, payload: 'tags=%7B%7D&tags=%7B%7D' });
    expect(response).toMatchObject({
      status: 400,
      body: { msg: expect.stringMatching(/^tags: /) },
    });
  });

  it('that is missing altogether is told what is missing', async () => {
    const { status, body } = await submit({});
    expect(status).toBe(400);
    expect(body.msg).toBe(
      'workflow_type, workflow_type_version, workflow_url: required fields are missing; send multipart/form-data with them',
    );
  });

  it('that is too large is refused with 413', async () => {
    const payload = { ...fields, workflow_params: { a: 'x'.repeat(65 * 1024) } };
    const field = await submit({ payload });
    expect(field).toMatchObject({
      status: 413,
      body: { msg: expect.stringMatching(/^workflow_params: /) },
    });
    const whole = await submit({ payload: { a: 'x'.repeat(300 * 1024) } });
    expect(whole).toMatchObject({ status: 413, body: { msg: expect.stringContaining('body') } });
  });
});

describe('a form that is refused leaves nothing behind', () => {
  const main = attachment('main.cwl');

  it.each<[string, readonly FormPart[], number, string]>([
    ['a parent directory', [attachment('../x')], 400, "workflow_attachment: file name '../x'"],
    ['an absolute name', [attachment('/etc/passwd')], 400, 'is absolute'],
    ['a backslash', [attachment('a\\b')], 400, 'backslash'],
    ['a NUL', [attachment('a\0b')], 400, 'control character'],
    ['an empty name', [attachment('')], 400, 'is empty'],
    ['a name that is no UTF-8', [attachment('a\uFFFDb')], 400, 'not valid UTF-8'],
    ['a long segment', [attachment('x'.repeat(256))], 400, '255 bytes'],
    ['a long name', [attachment('d/'.repeat(600))], 400, '960 bytes'],
    ['a name of a byte too many', [attachment(`${'d/'.repeat(480)}f`)], 400, '960 bytes'],
    ['a name twice', [attachment('main.cwl')], 400, 'occurs twice'],
    ['a name in other case', [attachment('MAIN.cwl')], 400, 'same on some file systems'],
    ['a file that is a directory', [attachment('main.cwl/x')], 400, 'also a directory'],
    ['a file without a name', [part('workflow_attachment', 'cwl')], 400, 'filename'],
    [
      'remote attachments',
      [part('workflow_attachment', '[{"file_name": "a", "file_url": "http://x/a"}]')],
      400,
      'can not be fetched',
    ],
    [
      'remote attachments of another server',
      [part('workflow_attachment_obj', '[{"file_name": "a"}]')],
      400,
      'workflow_attachment_obj: ',
    ],
    [
      'too many attachments',
      Array.from({ length: 10 }, (_, index) => attachment(`file${index}`)),
      413,
      'more than the 10',
    ],
    [
      'a large attachment',
      [attachment('large', Buffer.alloc(1024 * 1024 + 1))],
      413,
      "'large' is larger than the 1048576 bytes",
    ],
    [
      'a large field',
      [part('workflow_params', `{"a": "${'x'.repeat(65 * 1024)}"}`)],
      413,
      'workflow_params: is larger',
    ],
    ['a large unknown field', [part('x', Buffer.alloc(1024 * 1024 + 1))], 413, 'x: is larger'],
    ['a field twice', [part('tags', '{}'), part('tags', '{}')], 400, 'tags: is given twice'],
    ['broken JSON', [part('workflow_params', '{"a":')], 400, 'workflow_params: is not valid JSON'],
    ['parameters that are a list', [part('workflow_params', '[]')], 400, 'must be a JSON object'],
    ['a key __proto__', [part('workflow_params', '{"__proto__": {}}')], 400, '__proto__'],
    ['a NUL in a text', [part('workflow_params', '{"a": "\\u0000"}')], 400, 'NUL'],
    ['half a character', [part('tags', '{"a": "\\ud800"}')], 400, 'surrogate'],
    ['text that is no UTF-8', [part('tags', Buffer.from([0x7b, 0xff, 0x7d]))], 400, 'valid UTF-8'],
    ['tags that are no strings', [part('tags', '{"a": 1}')], 400, "tags: the value of 'a'"],
    ['an unknown engine', [part('workflow_engine', 'none')], 400, 'workflow_engine'],
    [
      'a version without its engine',
      [part('workflow_engine_version', '3.1')],
      400,
      'workflow_engine',
    ],
    ['an encoded part', [encoded(part('tags', 'e30='))], 400, "'base64' is not supported"],
    ['a field called constructor', [part('constructor', 'x')], 400, 'body: '],
    [
      'more parts than there can be',
      Array.from({ length: 120 }, () => part('x', 'y')),
      413,
      'parts',
    ],
  ])('%s', async (_what, parts, status, problem) => {
    const response = await submitForm([...CWL_FIELDS, main, ...parts]);
    expect(response).toMatchObject({ status, body: { status_code: status } });
    expect(response.body.msg).toContain(problem);
    await expectNothing();
  });

  it.each<[string, readonly FormPart[], string]>([
    ['no workflow_type', CWL_FIELDS.slice(1), 'workflow_type: a required field is missing'],
    ['an unknown type', [part('workflow_type', 'PASCAL'), ...CWL_FIELDS.slice(1)], 'workflow_type'],
    [
      'an unknown version',
      [part('workflow_type_version', 'v9'), ...CWL_FIELDS.filter((_, index) => index !== 1)],
      'workflow_type_version',
    ],
    [
      'a workflow that is not attached',
      [...CWL_FIELDS.slice(0, 2), part('workflow_url', 'other.cwl')],
      "'other.cwl' is relative",
    ],
    [
      'a workflow on our own disk',
      [...CWL_FIELDS.slice(0, 2), part('workflow_url', 'file:///etc/passwd')],
      "scheme 'file' is not supported",
    ],
  ])('%s', async (_what, fields, problem) => {
    const response = await submitForm([...fields, main]);
    expect(response.status).toBe(400);
    expect(response.body.msg).toContain(problem);
    await expectNothing();
  });

  it('the end missing', async () => {
    const { headers, payload } = formBody([...CWL_FIELDS, main]);
    const response = await submit({ headers, payload: payload.subarray(0, -30) });
    expect(response).toMatchObject({
      status: 400,
      body: { msg: expect.stringMatching(/^body: /) },
    });
    await expectNothing();
  });

  it('no boundary', async () => {
    const { payload } = formBody(CWL_FIELDS);
    const response = await submit({ headers: { 'content-type': 'multipart/form-data' }, payload });
    expect(response).toMatchObject({
      status: 400,
      body: { msg: expect.stringContaining('boundary') },
    });
  });

  it('a request that was refused can be sent again, made good', async () => {
    await submitForm([...CWL_FIELDS, main, part('tags', '{')]);
    expect((await submitForm([...CWL_FIELDS, main])).status).toBe(200);
  });

  async function expectNothing(): Promise<void> {
    expect(await api.storedKeys()).toEqual([]);
    expect((await api.get('/runs')).body.runs).toEqual([]);
    expect(api.changes).toEqual([]);
  }
});

function part(name: string, value: string | Uint8Array, contentType?: string): FormPart {
  return { name, value, ...(contentType !== undefined && { contentType }) };
}

function encoded(of: FormPart): FormPart {
  return { ...of, headers: ['Content-Transfer-Encoding: base64'] };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
