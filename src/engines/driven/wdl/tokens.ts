/*
 * A document as a row of words and signs: what a reader needs that looks for declarations and nothing else.
 * Comments are left out; a string, or the command of a task, is one token whatever is in it.
 */

export interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'sign';
  readonly text: string;
}

const PLAIN_TOKEN =
  /(?<space>\s+|#[^\n]*)|(?<word>[A-Za-z][A-Za-z0-9_]*)|(?<number>\d[\w.]*(?:(?<=[eE])[+-]\d+)?)|(?<sign><<<|.)/sy;

/** @throws RangeError for a document that ends within a string or command */
export function tokensOf(document: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < document.length;) {
    PLAIN_TOKEN.lastIndex = at;
    const groups = PLAIN_TOKEN.exec(document)?.groups ?? {};
    const { space, word, number, sign } = groups;
    const text = space ?? word ?? number ?? sign ?? '';
    const begin = at;
    at += text.length;
    if (word !== undefined) {
      tokens.push({ kind: 'word', text });
      const command = word === 'command' ? commandEnd(document, at) : undefined;
      if (command === undefined) continue;
      tokens.push({ kind: 'text', text: '' });
      at = command;
    } else if (number !== undefined) tokens.push({ kind: 'number', text });
    else if (text === '"' || text === "'") {
      at = stringEnd(document, at, text);
      tokens.push({ kind: 'text', text: document.slice(begin + 1, at - 1) });
    } else if (text === '<<<') {
      at = heredocEnd(document, at);
      tokens.push({ kind: 'text', text: '' });
    } else if (sign !== undefined) tokens.push({ kind: 'sign', text });
  }
  return tokens;
}

/** Undefined when the word is no beginning of a command. */
function commandEnd(document: string, at: number): number | undefined {
  const opening = /\s*(<<<|\{)/y;
  opening.lastIndex = at;
  const found = opening.exec(document);
  if (!found) return undefined;
  const inside = at + found[0].length;
  return found[1] === '<<<' ? heredocEnd(document, inside) : closing(document, inside, '}');
}

function heredocEnd(document: string, at: number): number {
  const end = document.indexOf('>>>', at);
  if (end === -1) throw new RangeError('a command has no end');
  return end + 3;
}

function stringEnd(document: string, at: number, quote: string): number {
  return closing(document, at, quote);
}

/** After the sign that ends what begins at `at`; placeholders in it may have strings, and those placeholders. */
function closing(document: string, at: number, end: string): number {
  const awaited = [end];
  for (let place = at; place < document.length; place += 1) {
    const sign = document.charAt(place);
    const isCode = awaited.at(-1) === '}' && awaited.length > 1;
    if (sign === awaited.at(-1)) {
      awaited.pop();
      if (awaited.length === 0) return place + 1;
    } else if (sign === '\\') place += 1;
    else if ((sign === '~' || sign === '$') && document.charAt(place + 1) === '{') {
      awaited.push('}');
      place += 1;
    } else if (isCode && (sign === '"' || sign === "'")) awaited.push(sign);
    else if (isCode && sign === '{') awaited.push('}');
  }
  throw new RangeError('a string or command has no end');
}
