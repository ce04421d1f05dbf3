import type { JsonValue } from '../../runs/json.ts';
import type { Entity, References } from './entity.ts';

const CONTEXT = [
  'https://w3id.org/ro/crate/1.1/context',
  'https://w3id.org/ro/terms/workflow-run/context',
];
const BLOCK_CHARACTERS = 64 * 1024;

/** The document of a crate, in blocks: as large as it is, no more than one of them is in memory. */
export async function* crateText(entities: AsyncIterable<Entity>): AsyncGenerator<Buffer> {
  let block = '';
  for await (const text of documentText(entities)) {
    block += text;
    if (block.length < BLOCK_CHARACTERS) continue;
    yield Buffer.from(block);
    block = '';
  }
  yield Buffer.from(block);
}

async function* documentText(entities: AsyncIterable<Entity>): AsyncGenerator<string> {
  yield `{"@context":${JSON.stringify(CONTEXT)},"@graph":[\n`;
  let separator = '';
  for await (const entity of entities) {
    yield separator;
    yield* entityText(entity);
    separator = ',\n';
  }
  yield '\n]}\n';
}

async function* entityText(entity: Entity): AsyncGenerator<string> {
  let separator = '{';
  for (const [property, value] of Object.entries(entity)) {
    const start = `${separator}${JSON.stringify(property)}:`;
    if (isStream(value)) {
      let isThere = false;
      for await (const text of referencesText(value)) {
        yield isThere ? text : start + text;
        isThere = true;
      }
      if (!isThere) continue;
    } else yield start + JSON.stringify(value);
    separator = ',';
  }
  yield '}';
}

/** Nothing for no reference, and no list of a single one. */
async function* referencesText(references: References): AsyncGenerator<string> {
  let held: string | undefined;
  let count = 0;
  for await (const id of references) {
    if (held !== undefined) yield (count++ === 0 ? '[' : ',') + held;
    held = JSON.stringify({ '@id': id });
  }
  if (held === undefined) return;
  yield count === 0 ? held : `,${held}]`;
}

function isStream(value: JsonValue | References): value is References {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
