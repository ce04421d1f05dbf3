import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bearer,
  createNameAuthenticator,
  createTestApi,
  PREFIX,
  type TestApi,
} from '../support/api.ts';
import { addEndedRun } from '../support/ended-run.ts';

const SECRET = 'content of alice';
const REQUEST = { workflowType: 'CWL', workflowTypeVersion: 'v1.2', workflowUrl: 'main.cwl' };

describe('files of a run', () => {
  let api: TestApi;
  let server: URL;
  let hers: string;
  let his: string;
  beforeAll(async () => {
    api = await createTestApi({ authenticator: createNameAuthenticator() });
    const files = { attachments: { 'main.cwl': SECRET }, outputs: { 'dir/out.txt': SECRET } };
    hers = await addEndedRun(api, { owner: 'alice', request: REQUEST, ...files });
    his = await addEndedRun(api, { owner: 'bob', request: REQUEST, outputs: { 'dir/own': 'bob' } });
    server = new URL(await api.listen());
  });
  afterAll(() => api.close());

  /** The path as it stands: `fetch` would resolve its dots. */
  function ask(path: string, name = 'bob') {
    return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const { hostname: host, port } = server;
      const sent = httpRequest({ host, port, path, headers: bearer(name) }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode, text }));
      });
      sent.once('error', reject).end();
    });
  }

  it('are given to their owner', async () => {
    const { status, text } = await ask(`${PREFIX}/runs/${hers}/outputs/dir/out.txt`, 'alice');
    expect([status, text]).toEqual([200, SECRET]);
  });

  it('are not there for others, whatever is asked for', async () => {
    const rests = ['outputs', 'outputs/dir/out.txt', 'outputs/dir', 'outputs?download=zip'];
    for (const rest of [...rests, 'ro-crate', 'ro-crate?download=zip&logs=true', 'logs/stderr']) {
      const { status, text } = await ask(`${PREFIX}/runs/${hers}/${rest}`);
      expect([rest, status]).toEqual([rest, 404]);
      expect(text).not.toContain(SECRET);
    }
  });

  it('are not reached from another run by any path', async () => {
    const ups = ['..', '%2e%2e', '.%2e', '%252e%252e', '..%00', '..;'];
    const slashes = ['/', '%2f', '%5c', '\\', '//', '%252f'];
    const targets = [`${hers}/outputs/1/dir/out.txt`, `${hers}/attachments/main.cwl`];
    for (const up of ups) {
      for (const slash of slashes) {
        for (const target of targets) {
          const climb = Array.from({ length: 3 }, () => up).join(slash);
          const path = `${climb}${slash}${target.replaceAll('/', slash)}`;
          for (const start of ['outputs/', 'outputs/dir/', 'outputs', 'outputs?prefix=']) {
            const { status, text } = await ask(`${PREFIX}/runs/${his}/${start}${path}`);
            expect(text).not.toContain(SECRET);
            expect(text).not.toContain('out.txt","size');
            expect(status).toBeLessThan(500);
          }
        }
      }
    }
  });

  it('that are attachments have no address, not even for their owner', async () => {
    for (const path of ['attachments/main.cwl', 'outputs/../attachments/main.cwl']) {
      expect((await ask(`${PREFIX}/runs/${hers}/${path}`, 'alice')).status).toBe(404);
    }
  });

  it('are listed below a prefix of this run alone', async () => {
    const archive = await ask(`${PREFIX}/runs/${his}/outputs?download=zip&prefix=../`);
    expect(archive.status).toBe(404);
    const list = await ask(`${PREFIX}/runs/${his}/outputs?prefix=`);
    expect(list.text).toContain('dir/own');
    expect(list.text).not.toContain('dir/out.txt');
  });
});
