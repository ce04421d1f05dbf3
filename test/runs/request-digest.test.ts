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

it('the same request has the same digest, whatever the order of keys and files', () => {
  const reordered: RunRequest = {
    workflowParams: { b: { d: null, c: [1, 2] }, a: 1 },
    workflowUrl: 'main.cwl',
    workflowTypeVersion: 'v1.2',
    workflowType: 'CWL',
  };
  expect(requestDigest(reordered, FILES.toReversed())).toBe(requestDigest(REQUEST, FILES));
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
  expect(requestDigest(request, files)).not.toBe(requestDigest(REQUEST, FILES));
});
