import type { MachineFacts } from '../machine.ts';
import type { MemoryFigures } from '../memory.ts';
import { table, type Row } from '../table.ts';
import type { DataFigures } from './run.ts';

const BYTES_PER_MEBIBYTE = 1024 * 1024;

/** The figures as Markdown: each part of the way beside a plain copy and beside the S3 client's command. */
export function render(machine: MachineFacts, figures: readonly DataFigures[]): string {
  return [
    `${machine.date} · ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB · ` +
      `${machine.system} · Node ${machine.node} · load before ${machine.loadBefore}`,
    '',
    ...table(
      ['storage', 'MiB', 'way', 's', 'MiB / s', 'of a copy', 'of the S3 client'],
      figures.flatMap(wayRows),
    ),
    '',
    ...table(
      ['storage', 'process', 'MiB now', 'MiB peak'],
      figures.flatMap(({ storage, memory }) => [
        ...memoryRow(storage, 'API', memory.api),
        ...memoryRow(storage, 'daemon', memory.daemon),
      ]),
    ),
  ].join('\n');
}

function wayRows({
  storage,
  fileBytes,
  copySeconds,
  s3Client,
  service,
}: DataFigures): readonly Row[] {
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
