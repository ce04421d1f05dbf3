import type { UploadScanning } from '../../api/context.ts';
import { ConfigError, type Config } from '../../config.ts';
import { createClamd } from '../../scanning/clamd.ts';
import { parseScannerAddress } from '../../scanning/scanner-address.ts';

/** @throws ConfigError for an UPLOAD_SCANNER that can't be read */
export function createUploadScanning(
  config: Pick<Config, 'uploadScanner' | 'uploadScannerFailure'>,
): UploadScanning | undefined {
  const { uploadScanner, uploadScannerFailure: onFailure } = config;
  if (uploadScanner === undefined) return undefined;
  const address = parseScannerAddress(uploadScanner);
  if (address !== undefined) return { scanner: createClamd(address), onFailure };
  throw new ConfigError([
    `UPLOAD_SCANNER: '${uploadScanner}' is not of the form clamd://host:port or clamd+unix:///path/of/the/socket`,
  ]);
}
