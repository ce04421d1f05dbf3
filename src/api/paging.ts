import Type from 'typebox';
import type { ApiSettings } from './context.ts';

/** The standard's parameters of every list. */
export function pageQuery(items: string) {
  return {
    page_size: Type.Optional(
      Type.Integer({
        format: 'int64',
        minimum: 1,
        description: `At most so many ${items} in this page; there may be fewer.`,
      }),
    ),
    page_token: Type.Optional(
      Type.String({ description: '`next_page_token` of the page before; absent for the first.' }),
    ),
  };
}

export function pageLimit(wanted: number | undefined, settings: ApiSettings): number {
  return Math.min(wanted ?? settings.defaultPageSize, settings.maxPageSize);
}

/** A page out of one item more than fits, which tells whether there are further pages. */
export function cutPage<T>(items: readonly T[], limit: number): { page: T[]; last: T | undefined } {
  const page = items.slice(0, limit);
  return { page, last: items.length > limit ? page.at(-1) : undefined };
}
