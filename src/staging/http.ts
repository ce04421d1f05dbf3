import { nameIn } from './address.ts';
import { checksumsIn } from './http-checksums.ts';
import {
  FetchError,
  type OpenRequest,
  type Protocol,
  type RemoteFile,
  type Web,
  type WebAnswer,
} from './protocol.ts';

/** Files of web servers. */
export function createHttpProtocol(web: Web): Protocol {
  return {
    schemes: ['http', 'https'],
    open: (address, request) => openWeb(web, address, request),
  };
}

/** Opens a file of a web server, for those that other protocols lead to with `headers` of their own. */
export async function openWeb(
  web: Web,
  address: string,
  { offset, version, signal }: OpenRequest,
  headers: Readonly<Record<string, string>> = {},
): Promise<RemoteFile> {
  const fromBeginning = async () => whole(await web.get(address, { headers, signal }));
  if (offset === 0 || version === undefined) return fromBeginning();
  const range = { range: `bytes=${offset}-`, 'if-range': version };
  let answer: WebAnswer;
  try {
    answer = await web.get(address, { headers: { ...headers, ...range }, signal });
  } catch (error) {
    // Nothing is there from the offset on: it is another file by now.
    if (error instanceof FetchError && error.status === 416) return fromBeginning();
    throw error;
  }
  if (answer.status !== 206) return whole(answer);
  const rest = restOf(answer, offset);
  // Servers that do not know If-Range send a part of what is there now.
  if (rest !== undefined && rest.version === version) return rest;
  answer.body.destroy();
  return fromBeginning();
}

function whole(answer: WebAnswer): RemoteFile {
  const { headers, status } = answer;
  if (status !== 200 && status !== 203) {
    answer.body.destroy();
    throw new FetchError(`answered ${status} without the file`, false);
  }
  const length = wholeNumber(headers['content-length']);
  return {
    offset: 0,
    ...(length !== undefined && { sizeBytes: length }),
    checksums: checksumsIn(headers, { isWhole: true }),
    ...described(answer),
  };
}

function restOf(answer: WebAnswer, offset: number): RemoteFile | undefined {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.headers['content-range'] ?? '');
  if (!range || Number(range[1]) !== offset) return undefined;
  return {
    offset,
    ...(range[2] !== '*' && { sizeBytes: Number(range[2]) }),
    checksums: checksumsIn(answer.headers, { isWhole: false }),
    ...described(answer),
  };
}

function described(answer: WebAnswer): Pick<RemoteFile, 'version' | 'body'> {
  const { headers, body, url } = answer;
  refuseEncoded(answer, nameIn(url) ?? '');
  const etag = headers['etag'];
  // RFC 9110, 8.8.1: a weak one may stay when bytes change.
  const isStrong = etag !== undefined && /^"[^"]*"$/.test(etag);
  return { ...(isStrong && { version: etag }), body };
}

/** It was not asked for. Files that are compressed themselves are often told of so, and are what was meant. */
function refuseEncoded({ headers, body }: WebAnswer, name: string): void {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity' || /\.(?:b?gz|tgz|bgzf|bam|zst|br|zip)$/i.test(name)) return;
  body.destroy();
  throw new FetchError(`the server sends it in another form (content-encoding ${encoding})`, false);
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
