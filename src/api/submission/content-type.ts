import type { IncomingMessage } from 'node:http';

/**
 * Some clients send two Content-Type headers, of which Node keeps the first, or proxies join them by a
 * comma. The one that says how the parts of a form are separated is the one that describes the body.
 */
export function preferContentTypeWithBoundary(request: IncomingMessage): void {
  const values = contentTypes(request).flatMap((value) => value.split(/,\s*(?=[a-z]+\/)/i));
  if (values.length < 2) return;
  const withBoundary = values.find(
    (value) => /^multipart\/form-data\s*;/i.test(value) && /;\s*boundary=/i.test(value),
  );
  if (withBoundary !== undefined) request.headers['content-type'] = withBoundary;
}

function contentTypes({ rawHeaders, headers }: IncomingMessage): readonly string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === 'content-type')
      values.push(rawHeaders[index + 1] ?? '');
  }
  return values.length > 0 ? values : [headers['content-type'] ?? ''];
}
