export interface BasicCredentials {
  readonly name: string;
  readonly password: string;
}

/** Reads an `Authorization` header of HTTP Basic (RFC 7617); undefined when it is none. */
export function parseBasicCredentials(authorization: string): BasicCredentials | undefined {
  const encoded = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const text = decode(Buffer.from(encoded, 'base64'));
  const colon = text.indexOf(':');
  if (colon === -1) return undefined;
  return { name: text.slice(0, colon).normalize('NFC'), password: text.slice(colon + 1) };
}

/** UTF-8, as our challenge asks for; bytes that are none are what old clients send: ISO 8859-1. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}
