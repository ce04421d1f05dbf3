import { createHash } from 'node:crypto';
import { withoutUserInfo } from '../address.ts';

/** Of signed addresses: another one each time, and no part of what they name. */
const SIGNATURE = /^(?:x-(?:amz|goog)-.*|awsaccesskeyid|googleaccessid|signature|expires)$/i;

/** Names a file as it is at its source, without who asked for it. */
export function contentKey(address: string, version: string): string {
  return digest(`${withoutCredentials(address)}\n${version}`);
}

/** Names a file whatever its version. */
export function addressKey(address: string): string {
  return digest(withoutCredentials(address));
}

function withoutCredentials(address: string): string {
  const [whole = ''] = address.split('#');
  const plain = withoutUserInfo(whole);
  const at = plain.indexOf('?');
  if (at === -1) return plain;
  const pairs = plain.slice(at + 1).split('&');
  const kept = pairs.filter((pair) => !SIGNATURE.test(pair.split('=')[0] ?? ''));
  return kept.length === 0 ? plain.slice(0, at) : `${plain.slice(0, at)}?${kept.join('&')}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
