import type { OpenRequest, RemoteFile } from './protocol.ts';

/** Opens an http(s) address, with headers that were given for it. */
export type OpenWeb = (
  url: string,
  request: OpenRequest,
  headers?: Readonly<Record<string, string>>,
) => Promise<RemoteFile>;
