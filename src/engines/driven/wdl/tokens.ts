/*
 * A document as a row of words and signs: what a reader needs that looks for declarations and nothing else.
 * Comments are left out; a string, or the command of a task, is one token whatever is in it.
 */

export interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'sign';
  readonly text: string;
}

/** Space or a comment, a word, a number, a sign. */
const PLAIN_TOKEN = /\s+|#[^\n]*|[A-Za-z]\w*|\d[\w.]*(?:(?<=[eE])[+-]\d+)?|<<<|./sy;

/** @throws RangeError for a document that ends within a string or command */
export function tokensOf(document: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < document.length;) {
    PLAIN_TOKEN.lastIndex = at;
    const [text = ''] = PLAIN_TOKEN.exec(document) ?? [];
    const kind = kindOf(text);
    at += text.length;
    if (kind === undefined) continue;
    const end = longEnd(document, text, at);
    // Of a string without its quotes; of a word that begins a command, that word, and the command after it.
    if (kind !== 'text') tokens.push({ kind, text });
    if (end === undefined) continue;
    tokens.push({ kind: 'text', text: kind === 'text' ? document.slice(at, end - 1) : '' });
    at = end;
  }
  return tokens;
}

/** Undefined for space and comments. */
function kindOf(text: string): Token['kind'] | undefined {
  if (/^[A-Za-z]/.test(text)) return 'word';
  if (/^\d/.test(text)) return 'number';
  if (text === '"' || text === "'" || text === '<<<') return 'text';
  return /^[\s#]/.test(text) ? undefined : 'sign';
}

/** Of what begins with this and has more than one sign; undefined for all else. */
function longEnd(document: string, text: string, at: number): number | undefined {
  if (text === 'command') return commandEnd(document, at);
  if (text === '<<<') return heredocEnd(document, at);
  return text === '"' || text === "'" ? closing(document, at, text) : undefined;
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
