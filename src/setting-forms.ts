import Type from 'typebox';

/* The forms that a setting may have, see `settings.ts`. */

/** `fallback` may name other settings, see SETTINGS. */
export function text(env: string, fallback: string, description: string) {
  const schema = Type.String({ minLength: 1 });
  return { env, kind: 'text' as const, fallback, description, takes: 'text', schema };
}
export function optional(env: string, description: string) {
  const schema = Type.Optional(Type.String({ minLength: 1 }));
  return { env, kind: 'text' as const, fallback: undefined, description, takes: 'text', schema };
}
export function integer(
  env: string,
  fallback: number,
  minimum: number,
  maximum: number,
  description: string,
) {
  const schema = Type.Integer({ minimum, maximum });
  const takes = `a whole number from ${minimum} to ${maximum}`;
  return { env, kind: 'integer' as const, fallback, description, takes, schema };
}
export function seconds(
  env: string,
  fallback: number,
  minimum: number,
  maximum: number,
  description: string,
) {
  const schema = Type.Number({ minimum, maximum });
  const takes = `a number of seconds from ${minimum} to ${maximum}`;
  return { env, kind: 'seconds' as const, fallback, description, takes, schema };
}
export function number(
  env: string,
  fallback: number,
  minimum: number,
  maximum: number,
  description: string,
) {
  const takes = `a number from ${minimum} to ${maximum}`;
  return {
    ...seconds(env, fallback, minimum, maximum, description),
    kind: 'number' as const,
    takes,
  };
}
export function flag(env: string, fallback: boolean, description: string) {
  const schema = Type.Boolean();
  return { env, kind: 'flag' as const, fallback, description, takes: 'true or false', schema };
}
/** A flag whose default depends on other settings. */
export function optionalFlag(env: string, description: string) {
  const schema = Type.Optional(Type.Boolean());
  const takes = 'true or false';
  return { env, kind: 'flag' as const, fallback: undefined, description, takes, schema };
}
export function list(env: string, description: string) {
  const schema = Type.Array(Type.String({ minLength: 1 }));
  const takes = 'a list separated by commas';
  return { env, kind: 'list' as const, fallback: [], description, takes, schema };
}
/** A list of names of environment variables. */
export function variableNames(env: string, fallback: readonly string[], description: string) {
  const schema = Type.Array(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }));
  const takes = 'a list of names of environment variables, separated by commas';
  return { ...list(env, description), fallback, takes, schema };
}
export function choice<const T extends readonly string[]>(
  env: string,
  values: T,
  fallback: T[number],
  description: string,
) {
  const schema = Type.Unsafe<T[number]>(Type.String({ enum: [...values] }));
  const takes = values.length === 1 ? `\`${values.join()}\`` : `one of ${values.join(', ')}`;
  return { env, kind: 'choice' as const, fallback, description, takes, schema };
}
