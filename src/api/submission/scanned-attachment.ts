import type { Readable } from 'node:stream';
import { invalidRequest, WesError } from '../../runs/errors.ts';
import type { ScannerError } from '../../scanning/scanner.ts';
import type { ApiDeps } from '../context.ts';
import { HttpError } from '../http-error.ts';
import { scannedStream } from './scanned-stream.ts';

export interface ScannedAttachment {
  readonly name: string;
  readonly runId: string;
  readonly owner: string;
}

const FIELD = 'workflow_attachment';
const RETRY_AFTER_SECONDS = '5';

/**
 * The attachment as it is, where none are scanned; else it fails with `invalid_request` when something
 * is found in it, and where it can't be scanned with 413 or 503, or passes, as is set.
 */
export function scannedAttachment(
  body: Readable,
  { name, runId, owner }: ScannedAttachment,
  { scanning, logger }: Pick<ApiDeps, 'scanning' | 'logger'>,
): Readable {
  if (scanning === undefined) return body;
  const facts = { attachment: name, run_id: runId, owner };
  return scannedStream(body, scanning.scanner, {
    found: (signature) => {
      logger.warn({ ...facts, signature }, 'attachment refused: the scanner found something in it');
      return invalidRequest(FIELD, `'${name}' was refused by the malware scanner: ${signature}`);
    },
    failed: (error) => {
      logger.warn({ err: error, ...facts }, 'attachment could not be scanned');
      return scanning.onFailure === 'accept' ? undefined : notScanned(name, error);
    },
  });
}

/** In words of its own: other parts that can't be reached are all told in the same. */
function notScanned(name: string, error: ScannerError): Error {
  if (error.code === 'too_large')
    return new WesError('too_large', `${FIELD}: '${name}' is larger than the scanner takes`);
  const problem = `'${name}' could not be scanned for malware, which this service insists on; try again later`;
  return new HttpError(503, `${FIELD}: ${problem}`, { 'retry-after': RETRY_AFTER_SECONDS });
}
