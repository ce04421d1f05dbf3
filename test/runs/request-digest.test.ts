import { expect, it } from 'vitest';
import { requestDigest } from '../../src/runs/request-digest.ts';
import type { RunRequest } from '../../src/runs/run.ts';

const REQUEST: RunRequest = {
  workflowType: 'CWL',
  workflowTypeVersion: 'v1.2',
  workflowUrl: 'main.cwl',
  workflowParams: { a: 1, b: { c: [1, 2], d: null } },
};
const FILES = [
  { name: 'a', sizeBytes: 1, sha256: 'aa' },
  { name: 'b', sizeBytes: 2, sha256: 'bb' },
];

const digest = (request: RunRequest, attachments = FILES) =>
  requestDigest({ request, attachments });

it('the same request has the same digest, whatever the order of keys and files', () => {
  const reordered: RunRequest = {
    workflowParams: { b: { d: null, c: [1, 2] }, a: 1 },
    workflowUrl: 'main.cwl',
    workflowTypeVersion: 'v1.2',
    workflowType: 'CWL',
  };
  expect(digest(reordered, FILES.toReversed())).toBe(digest(REQUEST));
});

it.each<[string, RunRequest, typeof FILES]>([
  ['another parameter', { ...REQUEST, workflowParams: { a: 2 } }, FILES],
  [
    'another order in a list',
    { ...REQUEST, workflowParams: { a: 1, b: { c: [2, 1], d: null } } },
    FILES,
  ],
  ['a tag', { ...REQUEST, tags: { a: 'b' } }, FILES],
  ['another content', REQUEST, [{ name: 'a', sizeBytes: 1, sha256: 'ab' }, ...FILES.slice(1)]],
  ['another name', REQUEST, [{ name: 'c', sizeBytes: 1, sha256: 'aa' }, ...FILES.slice(1)]],
  ['a file less', REQUEST, FILES.slice(1)],
])('%s makes another digest', (_what, request, files) => {
  expect(digest(request, files)).not.toBe(digest(REQUEST));
});

it('a rerun has another digest than a submission of the same content, and than one of another run', () => {
  const rerun = (rerunOf: string) =>
    requestDigest({ request: REQUEST, attachments: FILES, rerunOf });
  expect(rerun('a')).toBe(rerun('a'));
  expect(new Set([rerun('a'), rerun('b'), digest(REQUEST)]).size).toBe(3);
});
