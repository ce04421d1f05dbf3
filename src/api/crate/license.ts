import { given, type Entity } from './entity.ts';

/** The tag by which a client says under which licence the run's crate may be used. */
const LICENSE_TAG = 'license';
const SPDX_ID = /^[A-Za-z0-9][A-Za-z0-9.+-]*$/;
const UNKNOWN = '#license';

/**
 * The licence of a crate, which Workflow RO-Crate demands: an SPDX id or an address in the run's tag
 * `license`. Only whoever submitted the run can know it.
 */
export function licenseEntity(tags: Readonly<Record<string, string>> = {}): Entity {
  const told = tags[LICENSE_TAG];
  if (told !== undefined && /^https?:\/\/\S+$/.test(told) && URL.canParse(told)) {
    return license(new URL(told).href, told);
  }
  if (told !== undefined && SPDX_ID.test(told)) {
    return license(`https://spdx.org/licenses/${told}`, told, told);
  }
  if (told !== undefined && told !== '') return license(UNKNOWN, told);
  return {
    ...license(UNKNOWN, 'No licence was told'),
    description: 'Whoever submitted the run decides how its files may be used.',
  };
}

function license(id: string, name: string, identifier?: string): Entity {
  return { '@id': id, '@type': 'CreativeWork', name, ...given({ identifier }) };
}
