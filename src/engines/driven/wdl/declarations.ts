import { tokensOf, type Token } from './tokens.ts';

/** A type as it is written, quantifiers left out. */
export interface WdlType {
  readonly name: string;
  readonly parameters: readonly WdlType[];
}

export type Declarations = ReadonlyMap<string, WdlType>;

export interface WdlCallable {
  readonly kind: 'workflow' | 'task';
  readonly name: string;
  readonly inputs: Declarations;
  /** By the name under which a workflow calls it: the task or workflow as it is written. */
  readonly calls: ReadonlyMap<string, string>;
}

export interface WdlDocument {
  readonly callables: readonly WdlCallable[];
  readonly structs: ReadonlyMap<string, Declarations>;
}

/** Parts of a callable in which nothing is declared that is an input. */
const OTHER_SECTIONS = new Set([
  ...['output', 'meta', 'parameter_meta', 'runtime', 'requirements', 'hints'],
]);
const NO_OPERANDS = new Set(['if', 'then', 'else', 'object']);
const CONTINUATIONS = new Set(['then', 'else']);

/**
 * The inputs that a document declares. It reads no more of WDL than it needs for that: a document that is wrong
 * gives something or other, and the engine then says what is wrong.
 */
export function readDeclarations(document: string): WdlDocument {
  return new Reader(tokensOf(document)).document();
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;
  /** Without a version, it is draft-2, in which what stands in the body is an input. */
  readonly #isDraft2: boolean;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
    this.#isDraft2 = tokens[0]?.text !== 'version';
  }

  document(): WdlDocument {
    const callables: WdlCallable[] = [];
    const structs = new Map<string, Declarations>();
    while (this.#at < this.#tokens.length) {
      const word = this.#next();
      const name = this.#peek()?.text ?? '';
      if (word === 'struct' && this.#peek(1)?.text === '{') {
        this.#at += 2;
        structs.set(name, this.#declarations());
      } else if ((word === 'workflow' || word === 'task') && this.#peek(1)?.text === '{') {
        this.#at += 2;
        callables.push({ kind: word, name, ...this.#body() });
      }
    }
    return { callables, structs };
  }

  /** To the end of the block that was just opened. */
  #body(): Pick<WdlCallable, 'inputs' | 'calls'> {
    const inputs = new Map<string, WdlType>();
    const calls = new Map<string, string>();
    for (let depth = 1; depth > 0 && this.#at < this.#tokens.length;) {
      if (this.#section(inputs) || this.#flow(calls)) continue;
      const { text = '', kind } = this.#peek() ?? {};
      if (kind === 'word' && text !== 'command') {
        const declared = this.#declaration();
        // Within a scatter nothing is an input.
        if (declared && this.#isDraft2 && depth === 1) inputs.set(...declared);
        continue;
      }
      if (text === '{') depth += 1;
      if (text === '}') depth -= 1;
      this.#at += 1;
    }
    return { inputs, calls };
  }

  /** Reads a section, if one begins here. */
  #section(inputs: Map<string, WdlType>): boolean {
    const { text = '' } = this.#peek() ?? {};
    const isInput = text === 'input';
    if (this.#peek(1)?.text !== '{' || !(isInput || OTHER_SECTIONS.has(text))) return false;
    this.#at += 2;
    if (!isInput) this.#skipBlock();
    else for (const [name, type] of this.#declarations()) inputs.set(name, type);
    return true;
  }

  /** Reads a call, or the head of what holds some. */
  #flow(calls: Map<string, string>): boolean {
    const { text = '' } = this.#peek() ?? {};
    if (text !== 'call' && text !== 'scatter' && text !== 'if') return false;
    this.#at += 1;
    if (text === 'call') this.#call(calls);
    else this.#skipGroup();
    return true;
  }

  #call(calls: Map<string, string>): void {
    const callee: string[] = [this.#next()];
    while (this.#peek()?.text === '.') {
      this.#at += 1;
      callee.push(this.#next());
    }
    let name = callee.at(-1) ?? '';
    while (this.#peek()?.text === 'as' || this.#peek()?.text === 'after') {
      const isAlias = this.#next() === 'as';
      const other = this.#next();
      if (isAlias) name = other;
    }
    calls.set(name, callee.join('.'));
    if (this.#peek()?.text !== '{') return;
    this.#at += 1;
    this.#skipBlock();
  }

  /** To the end of the block that was just opened. */
  #declarations(): Declarations {
    const found = new Map<string, WdlType>();
    while (this.#at < this.#tokens.length && this.#peek()?.text !== '}') {
      const declared = this.#declaration();
      if (declared) found.set(...declared);
    }
    this.#at += 1;
    return found;
  }

  #declaration(): [string, WdlType] | undefined {
    if (this.#peek()?.text === 'env') this.#at += 1;
    const type = this.#type();
    const { kind, text = '' } = this.#peek() ?? {};
    if (kind !== 'word') return undefined;
    this.#at += 1;
    if (this.#peek()?.text === '=') {
      this.#at += 1;
      this.#skipExpression();
    }
    return [text, type];
  }

  #type(): WdlType {
    const name = this.#next();
    const parameters: WdlType[] = [];
    if (this.#peek()?.text === '[') {
      do {
        this.#at += 1;
        parameters.push(this.#type());
      } while (this.#peek()?.text === ',');
      this.#at += 1;
    }
    while (this.#peek()?.text === '?' || this.#peek()?.text === '+') this.#at += 1;
    return { name, parameters };
  }

  /** It ends where an operand follows another with nothing between. */
  #skipExpression(): void {
    let wasOperand = false;
    for (let token = this.#peek(); token && token.text !== '}'; token = this.#peek()) {
      const { kind, text } = token;
      const isOperand = kind !== 'sign';
      if (wasOperand && isOperand && !(kind === 'word' && CONTINUATIONS.has(text))) return;
      if (['(', '[', '{'].includes(text) && kind === 'sign') {
        this.#skipGroup();
        wasOperand = true;
      } else {
        this.#at += 1;
        wasOperand = isOperand && !(kind === 'word' && NO_OPERANDS.has(text));
      }
    }
  }

  /** From an opening bracket to its end. */
  #skipGroup(): void {
    this.#at += 1;
    this.#skipBlock();
  }

  #skipBlock(): void {
    for (let depth = 1; depth > 0 && this.#at < this.#tokens.length; this.#at += 1) {
      const { kind, text = '' } = this.#peek() ?? {};
      if (kind !== 'sign') continue;
      if ('([{'.includes(text)) depth += 1;
      if (')]}'.includes(text)) depth -= 1;
    }
  }

  #peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#at + ahead];
  }

  #next(): string {
    const text = this.#peek()?.text ?? '';
    this.#at += 1;
    return text;
  }
}
