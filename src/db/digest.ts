import { createHash } from 'node:crypto';

/** Lower-case hex SHA-256 of a text. Lone surrogates, which UTF-8 has not, stay apart: it hashes UTF-16. */
export function digest(text: string): string {
  return createHash('sha256').update(text, 'utf16le').digest('hex');
}

/** The key under which a tag is found. */
export function tagDigest(tag: { readonly key: string; readonly value: string }): string {
  // As JSON, no other pair gives the same text, whatever characters key and value have.
  return digest(JSON.stringify([tag.key, tag.value]));
}
