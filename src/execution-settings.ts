import {
  choice,
  flag,
  integer,
  list,
  number,
  seconds,
  text,
  variableNames,
} from './setting-forms.ts';

const BYTES_PER_MEBIBYTE = 1024 * 1024;

const PROXIES_AND_CERTIFICATES = [
  ...['http_proxy', 'https_proxy', 'ftp_proxy', 'all_proxy', 'no_proxy'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'ALL_PROXY', 'NO_PROXY'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'],
];

/** The settings of daemons and of what they execute: a part of SETTINGS. */
export const EXECUTION_SETTINGS = {
  executor: choice(
    'EXECUTOR',
    ['local', 'fake'],
    'local',
    'Where engines run: `local`, on the machine of the daemon; `fake` executes nothing and is for tests.',
  ),
  engineInstallDir: text(
    'ENGINE_INSTALL_DIR',
    '${DATA_DIR}/engines',
    'Where `wes engines install` puts engines that it installs.',
  ),
  warmEngines: flag(
    'WARM_ENGINES',
    true,
    'Whether daemons, and APIs that check requests, keep engines that can be kept loaded (cwltool, miniwdl) in memory, about 70 MB each, so that they start in milliseconds.',
  ),
  containers: choice(
    'CONTAINERS',
    ['auto', 'none', 'docker', 'podman', 'singularity', 'apptainer'],
    'auto',
    'What runs the containers that tasks ask for, on the machine of the daemon: `auto` takes the first of the others that works there; with `none` tasks run without, and workflows that insist on a container are refused. See docs/operations.md.',
  ),
  engineEnvironment: variableNames(
    'ENGINE_ENVIRONMENT',
    PROXIES_AND_CERTIFICATES,
    "Names of the variables of the daemon's environment that every engine gets, where they are set; `,` for none. Tasks do not get them.",
  ),
  workDir: text(
    'WORK_DIR',
    '${DATA_DIR}/work',
    'Private directories of running runs, on the machine of the daemon.',
  ),
  engineCacheDir: text(
    'ENGINE_CACHE_DIR',
    '${DATA_DIR}/cache',
    'Where runs with the engine parameter `cache` keep the results of their tasks, on the machine of the daemon; best on the file system of WORK_DIR.',
  ),
  keepWorkDirectories: choice(
    'KEEP_WORK_DIRECTORIES',
    ['never', 'failed', 'always'],
    'never',
    "Which ended runs' work directories stay on the daemon's disk.",
  ),
  daemonPollInterval: seconds(
    'DAEMON_POLL_INTERVAL',
    1,
    0.05,
    3600,
    'How often a daemon looks for new and cancelled runs.',
  ),
  daemonMaxConcurrentRuns: integer(
    'DAEMON_MAX_CONCURRENT_RUNS',
    4,
    1,
    10_000,
    'Most runs that one daemon executes at once.',
  ),
  userMaxConcurrentRuns: integer(
    'USER_MAX_CONCURRENT_RUNS',
    0,
    0,
    1_000_000,
    'Most runs of one user that all daemons together execute at once; 0 for no limit. Give every daemon the same.',
  ),
  engineMaxConcurrentRuns: list(
    'ENGINE_MAX_CONCURRENT_RUNS',
    'Most runs of an engine that all daemons together execute at once, as `engine=number`. Give every daemon the same.',
  ),
  logMaxSize: integer(
    'LOG_MAX_SIZE',
    1024 * BYTES_PER_MEBIBYTE,
    0,
    Number.MAX_SAFE_INTEGER,
    'Bytes that are kept of a log of a run or task: of a larger one the beginning, a mark, and its last MiB; 0 keeps all. Give every daemon the same.',
  ),
  minFreeDiskBytes: integer(
    'MIN_FREE_DISK_BYTES',
    256 * BYTES_PER_MEBIBYTE,
    0,
    Number.MAX_SAFE_INTEGER,
    'With less free space below WORK_DIR a daemon begins no run; 0 for no such limit.',
  ),
  daemonHeartbeat: seconds(
    'DAEMON_HEARTBEAT',
    5,
    0.1,
    600,
    'How often a daemon shows that it lives.',
  ),
  daemonLease: seconds(
    'DAEMON_LEASE',
    30,
    0.5,
    3600,
    'How long a daemon may be silent before others take over its runs; several heartbeats.',
  ),
  daemonDrain: choice(
    'DAEMON_DRAIN',
    ['handover', 'wait'],
    'handover',
    'On SIGTERM: `handover` leaves running engines to the next daemon on this machine, `wait` finishes its runs first.',
  ),
  cancelGrace: seconds(
    'CANCEL_GRACE',
    3,
    0,
    600,
    'Time between the polite signal and the forced end of a cancelled run.',
  ),
  runMaxAttempts: integer(
    'RUN_MAX_ATTEMPTS',
    3,
    1,
    100,
    'How often a run is started again after its machine was lost.',
  ),
  runCores: integer(
    'RUN_CORES',
    0,
    0,
    4096,
    'Cores that one run may use at once; 0 for all of the machine.',
  ),

  runTimeout: seconds(
    'RUN_TIMEOUT',
    0,
    0,
    315_360_000,
    'How long the engine may work on one run, pauses not counted; 0 for ever. A run may ask for less by its engine parameter `timeout`.',
  ),
  runMemoryLimitBytes: integer(
    'RUN_MEMORY_LIMIT_BYTES',
    0,
    0,
    Number.MAX_SAFE_INTEGER,
    'Memory that all processes of one run may have together, in bytes; 0 for no limit.',
  ),
  runCpuLimit: number(
    'RUN_CPU_LIMIT',
    0,
    0,
    4096,
    'Cores whose time all processes of one run may use together, also a part of one (0.5); 0 for no limit.',
  ),
  runProcessLimit: integer(
    'RUN_PROCESS_LIMIT',
    0,
    0,
    4_000_000,
    'Processes and threads that one run may have at once; 0 for no limit.',
  ),

  keepRunsDays: integer(
    'KEEP_RUNS_DAYS',
    0,
    0,
    36_500,
    'Days after its end at which a run is removed with all that belongs to it; 0 keeps it for ever.',
  ),
  keepLogsDays: integer(
    'KEEP_LOGS_DAYS',
    0,
    0,
    36_500,
    'Days after the end of a run at which its logs are removed from storage; 0 keeps them as long as the run.',
  ),
  keepWorkDirectoriesDays: integer(
    'KEEP_WORK_DIRECTORIES_DAYS',
    0,
    0,
    36_500,
    'Days after the end of a run at which a work directory that KEEP_WORK_DIRECTORIES kept is removed; 0 keeps it as long as the run.',
  ),
  engineCacheDays: integer(
    'ENGINE_CACHE_DAYS',
    7,
    0,
    36_500,
    'Days after its last use at which the kept results below ENGINE_CACHE_DIR are removed; 0 keeps them as long as a run of theirs.',
  ),
};
