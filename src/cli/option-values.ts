import { InvalidArgumentError } from 'commander';

/** Readers of option values, for commander: each is given a value and what earlier ones made. */

export function collected(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/** Values that may be given several at once, with commas between them. */
export function collectedList(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, ...value.split(',').filter((item) => item !== '')];
}

/** `key=value`, repeated. The value may hold further equals signs. */
export function collectedPair(
  pair: string,
  earlier: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = pair.indexOf('=');
  if (at < 1) throw new InvalidArgumentError(`"${pair}" is not of the form key=value.`);
  return { ...earlier, [pair.slice(0, at)]: pair.slice(at + 1) };
}

export function positiveInteger(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new InvalidArgumentError(`"${value}" is no whole number above 0.`);
  }
  return number;
}

export function wholeNumber(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !Number.isSafeInteger(number)) {
    throw new InvalidArgumentError(`"${value}" is no whole number.`);
  }
  return number;
}
