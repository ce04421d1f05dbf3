import { FetchError, type WebAnswer } from './protocol.ts';

const LIMIT_BYTES = 8 * 1024 * 1024;

/** @throws FetchError when it is longer than `limitBytes`, or breaks */
export async function readBytes(answer: WebAnswer, limitBytes = LIMIT_BYTES): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      // a stream of bytes
      length += chunk.length;
      if (length > limitBytes) throw tooLong(limitBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof FetchError) throw error;
    throw new FetchError('the answer broke off', true, { cause: error });
  }
  return Buffer.concat(chunks);
}

function tooLong(limitBytes: number): FetchError {
  return new FetchError(`the answer is longer than ${limitBytes} bytes`, false);
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** @throws FetchError */
export async function readJson(answer: WebAnswer, who: string): Promise<unknown> {
  const text = (await readBytes(answer)).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FetchError(`${who} did not answer with JSON`, false, { cause: error });
  }
}

/** @throws FetchError */
export async function readJsonObject(answer: WebAnswer, who: string): Promise<JsonObject> {
  const value = await readJson(answer, who);
  if (isJsonObject(value)) return value;
  throw new FetchError(`${who} did not answer with a JSON object`, false);
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
