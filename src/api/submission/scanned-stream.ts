import { Readable } from 'node:stream';
import { ScannerError, type Scan, type Scanner } from '../../scanning/scanner.ts';

/** What is done with what could not be scanned, and told of what was found. */
export interface ScanOutcomes {
  /** The error with which the stream is to fail. */
  found(signature: string): Error;
  /** The same, or nothing where the bytes are to pass without a scan. */
  failed(error: ScannerError): Error | undefined;
}

/** Passes bytes on while they are scanned, and ends only when the scanner has nothing against them. */
export function scannedStream(
  source: AsyncIterable<Uint8Array>,
  scanner: Scanner,
  outcomes: ScanOutcomes,
): Readable {
  return Readable.from(scanned(source, scanner.begin(), outcomes), { objectMode: false });
}

async function* scanned(
  source: AsyncIterable<Uint8Array>,
  scan: Scan,
  outcomes: ScanOutcomes,
): AsyncGenerator<Uint8Array> {
  let isScanning = true;
  async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (!isScanning) return undefined;
    try {
      return await work();
    } catch (error) {
      isScanning = false;
      const failure = error instanceof ScannerError ? outcomes.failed(error) : error;
      if (failure !== undefined) throw failure;
      return undefined;
    }
  }
  try {
    for await (const bytes of source) {
      await attempt(() => scan.write(bytes));
      yield bytes;
    }
    const signature = await attempt(() => scan.finish());
    if (signature !== undefined) throw outcomes.found(signature);
  } finally {
    scan.abandon();
  }
}
