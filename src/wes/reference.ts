import Type, { type Static, type TSchema, type TUnsafe } from 'typebox';

/** Refers to a component by its name: in the document it becomes `#/components/schemas/<name>`. */
export function reference<T extends TSchema>(component: T): TUnsafe<Static<T>> {
  const name: unknown = Reflect.get(component, '$id');
  if (typeof name !== 'string') throw new TypeError('a referenced schema needs an $id');
  return Type.Unsafe<Static<T>>({ $ref: `${name}#` });
}

/** A map from any key to values of one schema, in the form that the standard's document uses. */
export function mapOf<T extends TSchema>(
  values: T,
  description: string,
): TUnsafe<Readonly<Record<string, Static<T>>>> {
  return Type.Unsafe<Readonly<Record<string, Static<T>>>>({
    type: 'object',
    additionalProperties: values,
    description,
  });
}
