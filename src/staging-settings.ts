import { integer, list, optional, seconds } from './setting-forms.ts';

const BYTES_PER_GIBIBYTE = 1024 ** 3;

/** How what requests name by addresses is fetched: a part of SETTINGS. */
export const STAGING_SETTINGS = {
  stagingAllowedNetworks: list(
    'STAGING_ALLOWED_NETWORKS',
    'Networks (`10.1.0.0/16`) and names of hosts (`data.example.org`, `.example.org` for all below) from which files may be fetched although their addresses are private; none by default.',
  ),
  stagingParallel: integer(
    'STAGING_PARALLEL',
    4,
    1,
    256,
    'Files that are fetched at once for one run.',
  ),
  stagingMaxFileSize: integer(
    'STAGING_MAX_FILE_SIZE',
    0,
    0,
    Number.MAX_SAFE_INTEGER,
    'Largest file that is fetched, in bytes; 0 for no limit.',
  ),
  stagingMaxRunSize: integer(
    'STAGING_MAX_RUN_SIZE',
    0,
    0,
    Number.MAX_SAFE_INTEGER,
    'Bytes that are fetched for one run at most; 0 for no limit.',
  ),
  stagingConnectTimeout: seconds(
    'STAGING_CONNECT_TIMEOUT',
    20,
    0.1,
    600,
    'How long a connection to a server of files may take to come about.',
  ),
  stagingIdleTimeout: seconds(
    'STAGING_IDLE_TIMEOUT',
    60,
    0.1,
    3600,
    'How long such a server may send nothing before the connection is given up.',
  ),
  stagingTimeout: seconds(
    'STAGING_TIMEOUT',
    86_400,
    0,
    2_000_000,
    'How long all that is fetched for one run may take; 0 for ever.',
  ),
  stagingCacheDir: optional(
    'STAGING_CACHE_DIR',
    'Where fetched files are kept for other runs, on the machine of the daemon; by default `.inputs` below WORK_DIR. Daemons of one user may share it.',
  ),
  stagingCacheSize: integer(
    'STAGING_CACHE_SIZE',
    10 * BYTES_PER_GIBIBYTE,
    0,
    Number.MAX_SAFE_INTEGER,
    'Bytes that are kept there; 0 keeps nothing.',
  ),
};
