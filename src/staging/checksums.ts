import type { Checksum } from './protocol.ts';

const HEX_LENGTHS: Readonly<Record<Checksum['algorithm'], number>> = {
  md5: 32,
  sha1: 40,
  sha256: 64,
  sha512: 128,
};

/**
 * Checksums as GA4GH's services give them, `{"type": "sha-256", "checksum": "…"}`. Those of other kinds
 * (an ETag, a CRC) are passed over.
 */
export function readChecksums(value: unknown): readonly Checksum[] {
  return Array.isArray(value) ? value.flatMap(readChecksum) : [];
}

function readChecksum(value: unknown): readonly Checksum[] {
  if (typeof value !== 'object' || value === null) return [];
  const { type, checksum }: { type?: unknown; checksum?: unknown } = value;
  if (typeof type !== 'string' || typeof checksum !== 'string') return [];
  const name = type.toLowerCase().replace(/[-_]/g, '');
  const hex = checksum.trim().toLowerCase();
  if (!isAlgorithm(name) || !/^[0-9a-f]+$/.test(hex)) return [];
  return hex.length === HEX_LENGTHS[name] ? [{ algorithm: name, hex }] : [];
}

function isAlgorithm(name: string): name is Checksum['algorithm'] {
  return Object.hasOwn(HEX_LENGTHS, name);
}
