import { decodePageToken, encodePageToken, type PageScope } from '../runs/page-token.ts';
import type { RunStore } from '../runs/run-store.ts';
import type { OutputListResponse } from '../wes/output-list.ts';
import { cutPage } from './paging.ts';

export interface OutputListRequest {
  readonly runId: string;
  readonly prefix?: string;
  readonly limit: number;
  readonly pageToken?: string;
}

/** A page of the files that a run produced, by path. */
export async function listOutputPage(
  store: RunStore,
  { runId, prefix, limit, pageToken }: OutputListRequest,
  outputAddress: (path: string) => string,
): Promise<OutputListResponse> {
  const scope: PageScope = { list: 'outputs', filter: [runId, prefix ?? ''] };
  const after = pageToken === undefined ? undefined : decodePageToken(scope, pageToken).after;
  const files = await store.listOutputs(runId, {
    limit: limit + 1,
    ...(prefix !== undefined && { prefix }),
    ...(after !== undefined && { after }),
  });
  const { page, last } = cutPage(files, limit);
  return {
    outputs: page.map(({ path, sizeBytes, sha256, mediaType }) => ({
      path,
      size: sizeBytes,
      checksum: `sha256:${sha256}`,
      media_type: mediaType,
      url: outputAddress(path),
    })),
    next_page_token: last === undefined ? '' : encodePageToken(scope, { after: last.path }),
  };
}
