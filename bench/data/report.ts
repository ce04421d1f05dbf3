import type { MachineFacts } from '../machine.ts';
import type { MemoryFigures } from '../memory.ts';
import { table, type Row } from '../table.ts';
import type { FollowerFigures } from './followers.ts';
import type { DataFigures, FileFigures } from './run.ts';

const BYTES_PER_MEBIBYTE = 1024 * 1024;

/** The figures as Markdown: each part of the way beside a plain copy and beside the S3 client's command. */
export function render(machine: MachineFacts, { files, followers }: DataFigures): string {
  return [
    `${machine.date} · ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB · ` +
      `${machine.system} · Node ${machine.node} · load before ${machine.loadBefore}`,
    ...(files.length === 0 ? [] : renderFiles(files)),
    ...(followers.length === 0 ? [] : renderFollowers(followers)),
  ].join('\n');
}

function renderFiles(files: readonly FileFigures[]): readonly string[] {
  return [
    '',
    ...table(
      ['storage', 'MiB', 'way', 's', 'MiB / s', 'of a copy', 'of the S3 client'],
      files.flatMap(wayRows),
    ),
    '',
    ...table(
      ['storage', 'process', 'MiB at the end', 'MiB at most'],
      files.flatMap(({ storage, memory }) => [
        ...memoryRow(storage, 'API', memory.api),
        ...memoryRow(storage, 'daemon', memory.daemon),
      ]),
    ),
  ];
}

function renderFollowers(followers: readonly FollowerFigures[]): readonly string[] {
  const head = [
    ...['followers', 'lines', 'p50 ms', 'p99 ms', 'most ms'],
    ...['API cores', 'daemon cores', 'API MiB', 'daemon MiB'],
  ];
  const rows = followers.map((one) => [
    ...[one.followers, one.lines, one.p50Ms, one.p99Ms, one.mostMs].map(String),
    ...[one.apiCores, one.daemonCores].map((cores) => cores.toFixed(3)),
    ...[one.apiMebibytes, one.daemonMebibytes].map((size) => size.toFixed(0)),
  ]);
  return ['', ...table(head, rows)];
}

function wayRows({
  storage,
  fileBytes,
  copySeconds,
  s3Client,
  service,
}: FileFigures): readonly Row[] {
  const row = (way: string, seconds: number, byClient?: number): Row => [
    storage,
    (fileBytes / BYTES_PER_MEBIBYTE).toFixed(0),
    way,
    seconds.toFixed(2),
    (fileBytes / BYTES_PER_MEBIBYTE / seconds).toFixed(0),
    speed(copySeconds, seconds),
    byClient === undefined ? '–' : speed(byClient, seconds),
  ];
  const { upSeconds, downSeconds } = s3Client ?? {};
  return [
    row('a plain copy, synced', copySeconds),
    ...(upSeconds === undefined ? [] : [row('aws s3 cp, up', upSeconds, upSeconds)]),
    ...(downSeconds === undefined ? [] : [row('aws s3 cp, down', downSeconds, downSeconds)]),
    row('attachment up: wes submit', service.upSeconds, upSeconds),
    row('staged', service.stagedSeconds, downSeconds),
    row('output back', service.outSeconds, upSeconds),
    row('output down: wes outputs', service.downSeconds, downSeconds),
  ];
}

/** Above 1, it was faster. */
function speed(reference: number, seconds: number): string {
  return (reference / seconds).toFixed(2);
}

function memoryRow(
  storage: string,
  process: string,
  figures: MemoryFigures | undefined,
): readonly Row[] {
  if (figures === undefined) return [];
  return [[storage, process, figures.nowMebibytes.toFixed(0), figures.peakMebibytes.toFixed(0)]];
}
