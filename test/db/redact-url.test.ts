import { expect, test } from 'vitest';
import { redactUrl } from '../../src/db/redact-url.ts';

test.each([
  ['mysql://wes:secret@host:3306/wes', 'mysql://wes:***@host:3306/wes'],
  ['mysql+aiomysql://wes:secret@host/wes', 'mysql+aiomysql://wes:***@host/wes'],
  ['postgres://wes:se@cr:et/@host/wes?password=secret', 'postgres://wes:***@host/wes'],
  ['postgres://host/wes?user=u&password=secret', 'postgres://host/wes'],
  ['postgres://:secret@host/wes', 'postgres://:***@host/wes'],
  ['postgres://wes@host/wes', 'postgres://wes@host/wes'],
  ['sqlite:/var/lib/wes?#.db', 'sqlite:/var/lib/wes?#.db'],
  ['nonsense', 'nonsense'],
])('%s is shown as %s', (url, shown) => {
  expect(redactUrl(url)).toBe(shown);
});
