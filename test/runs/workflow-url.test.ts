import { describe, expect, it } from 'vitest';
import { locateWorkflow } from '../../src/runs/workflow-url.ts';

const NOWHERE = { allowedFileRoots: [] };
const DATA = { allowedFileRoots: ['/data/workflows', '/srv'] };

describe('workflow_url', () => {
  it.each([
    ['main.cwl', ['main.cwl'], { name: 'main.cwl' }],
    ['wf/main.cwl#main', ['wf/main.cwl'], { name: 'wf/main.cwl', fragment: 'main' }],
    ['main.cwl#', ['main.cwl'], { name: 'main.cwl' }],
    ['./main.cwl', ['main.cwl'], { name: 'main.cwl' }],
    ['a%20b.cwl', ['a b.cwl'], { name: 'a b.cwl' }],
    ['a%20b.cwl', ['a%20b.cwl', 'a b.cwl'], { name: 'a%20b.cwl' }],
    ['a b.cwl#x', ['a b.cwl'], { name: 'a b.cwl', fragment: 'x' }],
    ['50%.cwl', ['50%.cwl'], { name: '50%.cwl' }],
    ['a#1.cwl', ['a#1.cwl'], { name: 'a#1.cwl' }],
    ['odd:name.cwl', ['odd:name.cwl'], { name: 'odd:name.cwl' }],
  ])('%s names one of the attachments %j', (url, names, expected) => {
    expect(locateWorkflow(url, names, NOWHERE)).toEqual({ kind: 'attachment', ...expected });
  });

  it.each(['https://example.org/a.cwl#main', 'http://localhost:8080/a', 'HTTPS://example.org/'])(
    '%s is fetched from there',
    (url) => {
      expect(locateWorkflow(url, [], NOWHERE)).toEqual({ kind: 'remote', url });
    },
  );

  it.each([
    ['file:///data/workflows/a.cwl', '/data/workflows/a.cwl'],
    ['file:///data/workflows/a%20b.cwl#main', '/data/workflows/a b.cwl'],
    ['file://localhost/srv/x/../y.cwl', '/srv/y.cwl'],
  ])('%s lies below an allowed directory', (url, path) => {
    expect(locateWorkflow(url, [], DATA)).toEqual({ kind: 'file', path });
  });

  it.each([
    'file:///etc/passwd',
    'file:///data/workflows',
    'file:///data/workflows/../secret.cwl',
    'file:///data/workflows/%2e%2e/secret.cwl',
    'file:///data/workflows/%2e%2e%2fsecret.cwl',
    'file:///data/workflows-of-others/a.cwl',
    'file://elsewhere/data/workflows/a.cwl',
    'file:///data/workflows/%ff.cwl',
    'file:///data/workflows/a%00.cwl',
    'file://[',
  ])('%s does not', (url) => {
    expect(() => locateWorkflow(url, [], DATA)).toThrow(/^workflow_url: /);
  });

  it.each([
    ['main.cwl', [], 'the request has no workflow_attachment'],
    ['main.cwl', ['other.cwl'], "the attachments are 'other.cwl'"],
    ['%zz', ['a', 'b', 'c', 'd', 'e', 'f'], '…'],
    ['/main.cwl', ['main.cwl'], 'is relative'],
    ['file:///a.cwl', [], 'one of: http, https'],
    ['s3://bucket/a.cwl', [], "scheme 's3' is not supported"],
    ['javascript:alert(1)', [], 'not supported'],
    ['http://', [], 'not a valid URL'],
    ['https://exa mple.org/', [], 'not a valid URL'],
  ])('%s with attachments %j is refused', (url, names, problem) => {
    expect(() => locateWorkflow(url, names, NOWHERE)).toThrow(problem);
  });

  it('says which schemes there are', () => {
    expect(() => locateWorkflow('trs://x/y', [], DATA)).toThrow('one of: http, https, file');
  });
});

describe('with more protocols than the web', () => {
  const limits = { allowedFileRoots: [], workflowSchemes: ['https', 's3', 'drs', 'trs'] };

  it.each(['s3://bucket/main.cwl#main', 'drs://dg.4503:abc', 'TRS://host/id/version'])(
    '%s is taken',
    (url) => {
      expect(locateWorkflow(url, [], limits)).toEqual({ kind: 'remote', url });
    },
  );

  it.each(['s3:bucket', 's3://', 'drs:// x'])('%s is no address', (url) => {
    expect(() => locateWorkflow(url, [], limits)).toThrow('not a valid URL');
  });

  it('others are refused', () => {
    expect(() => locateWorkflow('gs://b/k', [], limits)).toThrow('one of: https, s3, drs, trs');
  });
});
