import { WesError } from '../runs/errors.ts';

export type DatabaseUrl =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'mysql' | 'postgres'; readonly url: string };

const SERVER_KINDS: Readonly<Record<string, 'mysql' | 'postgres'>> = {
  mysql: 'mysql',
  mariadb: 'mysql',
  postgres: 'postgres',
  postgresql: 'postgres',
};

/**
 * Which database a URL means. `sqlite:` is followed by a path as it stands, with or without the `//`
 * of a URL (so `sqlite:///var/wes.db` is absolute). A driver's name, as other programs write it
 * (`mysql+aiomysql://`), is passed over.
 * @throws WesError `invalid_request` for anything else; the message shows no password.
 */
export function parseDatabaseUrl(text: string): DatabaseUrl {
  const scheme = /^([a-z]+)(?:\+[a-z0-9_]+)?:(.*)$/is.exec(text.trim());
  const [, name = '', rest = ''] = scheme ?? [];
  if (name === 'sqlite') return { kind: 'sqlite', path: sqlitePath(rest) };
  const kind = SERVER_KINDS[name.toLowerCase()];
  if (!kind || !rest.startsWith('//')) throw unknownDatabase();
  const url = `${kind}:${rest}`;
  if (!URL.canParse(url) || new URL(url).pathname.length < 2) throw unknownDatabase();
  return { kind, url };
}

function sqlitePath(rest: string): string {
  const path = rest.startsWith('//') ? rest.slice(2) : rest;
  if (path === '') throw unknownDatabase();
  return path;
}

function unknownDatabase(): WesError {
  return new WesError(
    'invalid_request',
    'The database URL is not one of sqlite:PATH, mysql://user:password@host:3306/name, ' +
      'postgres://user:password@host:5432/name.',
  );
}
