import { invalidRequest } from './errors.ts';
import type { JsonValue } from './json.ts';

/** Deeper nesting occurs in no request but one that is made to exhaust a stack. */
const MAX_DEPTH = 100;

/**
 * Parses JSON that is going to be stored and given back: what would not come back as it was sent is
 * refused, not changed.
 * @throws WesError `invalid_request` that names `field`
 */
export function parseJson(text: string, field: string): JsonValue {
  if (depthOf(text) > MAX_DEPTH) throw tooDeep(field);
  const value = parse(text, field);
  checkJson(value, field);
  return value;
}

function parse(text: string, field: string): JsonValue {
  try {
    // A long number may not fit: only then its source text has to be looked at.
    return /\d{16}/.test(text) ? JSON.parse(text, exactNumbers(field)) : JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw invalidRequest(field, `is not valid JSON: ${error.message}`);
  }
}

type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown;

function exactNumbers(field: string): Reviver {
  return (_key, value, context) => {
    const source = context?.source;
    if (typeof value !== 'number' || source === undefined || !/^-?\d+$/.test(source)) return value;
    if (Number.isFinite(value) && String(value) !== source && BigInt(source) !== BigInt(value)) {
      throw invalidRequest(
        field,
        `the number ${source} can't be kept exactly; send it as a string`,
      );
    }
    return value;
  };
}

/**
 * Checks a JSON value, however it came in.
 * @throws WesError `invalid_request` that names `field`
 */
export function checkJson(root: JsonValue, field: string): void {
  const pending: { readonly value: JsonValue; readonly depth: number }[] = [
    { value: root, depth: 0 },
  ];
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    const { value, depth } = item;
    if (depth > MAX_DEPTH) throw tooDeep(field);
    if (typeof value === 'string') checkText(value, field);
    else if (typeof value === 'number') checkNumber(value, field);
    else if (typeof value === 'object' && value !== null) {
      if (!Array.isArray(value)) checkKeys(Object.keys(value), field);
      for (const child of Object.values(value)) pending.push({ value: child, depth: depth + 1 });
    }
  }
}

/** @throws WesError `invalid_request` for text that not every database can keep */
export function checkText(text: string, field: string): void {
  if (text.includes('\0')) throw invalidRequest(field, 'contains a NUL character; remove it');
  if (!text.isWellFormed()) {
    throw invalidRequest(field, 'contains half of a UTF-16 surrogate pair; send valid Unicode');
  }
}

function checkNumber(value: number, field: string): void {
  if (!Number.isFinite(value)) throw invalidRequest(field, 'contains a number that is too large');
}

function checkKeys(keys: readonly string[], field: string): void {
  for (const key of keys) {
    checkText(key, field);
    if (key === '__proto__') throw invalidRequest(field, "must not have a key '__proto__'");
  }
}

/** Depth of nesting without parsing, so that no parser has to be trusted with an endless `[[[[`. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charCodeAt(index);
    if (inString) {
      if (character === BACKSLASH) index += 1;
      else if (character === QUOTE) inString = false;
    } else if (character === QUOTE) inString = true;
    else if (character === OPEN_BRACKET || character === OPEN_BRACE) {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (character === CLOSE_BRACKET || character === CLOSE_BRACE) depth -= 1;
  }
  return deepest;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

function tooDeep(field: string): Error {
  return invalidRequest(field, `is nested deeper than ${MAX_DEPTH} levels`);
}
