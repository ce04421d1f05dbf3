import { describe, expect, test } from 'vitest';
import { wdlRemoteInputs } from '../../../src/engines/driven/wdl/remote-inputs.ts';
import type { JsonObject } from '../../../src/runs/json.ts';

const WEB = 'https://example.org/x';
const BUCKET = 's3://bucket/x';
const DOCUMENT = `
version 1.1
# workflow not_this { input { String reads } }
import "lib.wdl" as lib
struct Sample {
  File reads
  String name
  Array[Pair[File, String]]? more
}
workflow w {
  meta { description: "input { String reads }" }
  input {
    File reads
    File? index = "~{"}"}" # File name
    String name = if defined(index) then "a ~{if true then "}" else 'b'}" else sub("x", "}", "y")
    Array[File]+ many = [object { File: 1 }.File, "x"]
    Map[String, File] by_name = { "a": "b" }
    Pair[File, String] pair
    Sample sample
    lib_struct other
    Object any
  }
  Int private = 1
  scatter (one in many) {
    if (defined(index)) {
      call t as inner after other { input: x = one, y = { "a": 1 } }
    }
    File not_an_input = one
  }
  call lib.far
  output { File out = inner.out }
}
task t {
  input { File x  String y }
  command <<< echo "workflow w { input { String reads } } ~{x}" >>>
  runtime { docker: "x" }
}
task braces {
  input { File x }
  command { echo \${"}"} ~{x} $HOME }
  output { String y = "z" }
}
`;

function found(
  workflowParams: JsonObject,
  { document = DOCUMENT, isChosen = false, task = '' } = {},
): readonly string[] {
  const request = { workflowType: 'WDL', workflowTypeVersion: '1.1', workflowUrl: 'x.wdl' };
  const parameters = { workflowEngineParameters: { task } };
  const context = { schemes: ['http', 'https', 's3'], isChosen, document };
  const inputs = wdlRemoteInputs({ ...request, ...parameters, workflowParams }, context);
  return inputs.map(({ keys }) => keys.join('/'));
}

describe('of a document', () => {
  test.each<[string, JsonObject, readonly string[]]>([
    ['files', { 'w.reads': WEB, 'w.index': BUCKET }, ['w.reads', 'w.index']],
    ['files without the name of the workflow', { reads: WEB }, ['reads']],
    ['arrays', { 'w.many': [WEB, 'local', BUCKET] }, ['w.many/0', 'w.many/2']],
    ['maps', { 'w.by_name': { a: WEB } }, ['w.by_name/a']],
    ['pairs', { 'w.pair': { left: WEB, right: WEB } }, ['w.pair/left']],
    [
      'structs',
      { 'w.sample': { reads: WEB, name: WEB, more: [{ left: WEB, right: BUCKET }] } },
      ['w.sample/reads', 'w.sample/more/0/left'],
    ],
    ['inputs of calls', { 'w.inner.x': WEB, 'w.inner.y': BUCKET }, ['w.inner.x']],
  ])('%s are fetched', (_name, params, expected) => {
    expect(found(params)).toEqual(expected);
  });

  test.each<[string, JsonObject]>([
    ['texts', { 'w.name': WEB }],
    ['texts from elsewhere', { 'w.name': BUCKET }],
    ['numbers', { 'w.reads': 3 }],
    ['files of the request', { 'w.reads': 'reads.txt' }],
    ['schemes that nobody has', { 'w.reads': 'gopher://x' }],
  ])('%s are not', (_name, params) => {
    expect(found(params)).toEqual([]);
  });

  test.each(['w.far.x', 'w.other', 'w.any', 'w.unheard', 'w.private'])(
    'the type of %s is not told: what the engine can fetch is left to it',
    (key) => {
      expect(found({ [key]: { a: [WEB, BUCKET] } })).toEqual([`${key}/a/1`]);
      expect(found({ [key]: { a: [WEB, BUCKET] } }, { isChosen: true })).toHaveLength(2);
    },
  );

  test('a task that is to be run is looked at in the place of the workflow', () => {
    expect(found({ x: WEB }, { task: 'braces' })).toEqual(['x']);
    expect(found({ 'braces.x': WEB }, { task: 'braces' })).toEqual(['braces.x']);
    expect(found({ x: WEB })).toEqual([]);
  });
});

test('in draft-2 what stands in the body is an input', () => {
  const document = `
    workflow w { File reads String name = "x" Array[File] many
      call t { input: a = reads } }
    task t { File a command { cat \${a} } output { File o = stdout() } }`;
  const params = { 'w.reads': WEB, 'w.name': WEB, 'w.many': [WEB], 'w.t.a': WEB };
  expect(found(params, { document })).toEqual(['w.reads', 'w.many/0', 'w.t.a']);
});

test.each([
  '',
  'workflow',
  'workflow w {',
  'workflow w { input { File',
  'a "b',
  '{}}}',
  'task t { command {',
])('a document that is wrong (%s) tells nothing', (document) => {
  expect(found({ 'w.reads': WEB, 'w.more': BUCKET }, { document })).toEqual(['w.more']);
});
