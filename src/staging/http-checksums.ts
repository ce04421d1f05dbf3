import type { Checksum } from './protocol.ts';

type Algorithm = Checksum['algorithm'];

/** As headers call them (RFC 9530, RFC 3230). */
const ALGORITHMS: Readonly<Record<string, readonly [algorithm: Algorithm, bytes: number]>> = {
  md5: ['md5', 16],
  sha: ['sha1', 20],
  'sha-256': ['sha256', 32],
  'sha-512': ['sha512', 64],
};

/**
 * What an answer says of the whole file: Repr-Digest, its forerunner Digest, and Content-MD5, which is of
 * what was sent and so of a part when that was asked for.
 */
export function checksumsIn(
  headers: Readonly<Record<string, string | undefined>>,
  { isWhole }: { readonly isWhole: boolean },
): readonly Checksum[] {
  const entries = [
    ...(headers['repr-digest'] ?? '')
      .split(',')
      .map((entry) => /^([\w-]+)=:(.*):$/.exec(entry.trim())),
    ...(headers['digest'] ?? '').split(',').map((entry) => /^([\w-]+)=(.*)$/.exec(entry.trim())),
    ...(isWhole ? [/^()(.+)$/.exec(headers['content-md5'] ?? '')] : []),
  ];
  const checksums = entries.flatMap((entry) =>
    entry ? read(entry[1] || 'md5', entry[2] ?? '') : [],
  );
  return [...new Map(checksums.map((checksum) => [checksum.algorithm, checksum])).values()];
}

/** None when it is of a kind that nobody knows, or can't be one. */
function read(name: string, base64: string): readonly Checksum[] {
  const known = ALGORITHMS[name.toLowerCase()];
  const bytes = Buffer.from(base64, 'base64');
  if (!known || bytes.length !== known[1]) return [];
  return [{ algorithm: known[0], hex: bytes.toString('hex') }];
}
