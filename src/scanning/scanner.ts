/** Looks for malware in bytes while they pass. */
export interface Scanner {
  /** Never rejects: what is wrong is told by the scan. */
  begin(): Scan;
  /** @throws ScannerError when nothing could be scanned now. */
  check(): Promise<void>;
}

/** One file on its way through the scanner. After an error, or `abandon`, it is over. */
export interface Scan {
  /** Resolves when there is room for more. @throws ScannerError */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Says that all was written.
   * @returns the name of what was found, undefined when nothing was
   * @throws ScannerError
   */
  finish(): Promise<string | undefined>;
  abandon(): void;
}

/** The scanner gave no answer. */
export class ScannerError extends Error {
  /** `too_large` is said of a file, `unavailable` of the scanner. */
  readonly code: 'unavailable' | 'too_large';

  constructor(code: ScannerError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ScannerError';
    this.code = code;
  }
}
