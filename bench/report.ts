import type { LoadFigures } from './load.ts';
import type { MachineFacts } from './machine.ts';
import type { DatabaseFigures } from './measure.ts';
import type { LatencyFigures } from './start-latency.ts';
import { table, type Row } from './table.ts';

export interface BenchReport {
  readonly machine: MachineFacts;
  /** A bare node:http server, before and after everything else: how steady the machine was. */
  readonly raw: readonly LoadFigures[];
  readonly databases: readonly DatabaseFigures[];
  readonly skipped: readonly { readonly database: string; readonly reason: string }[];
  readonly durationSeconds: number;
}

/** The report as Markdown, which is read as well on a terminal. */
export function renderReport(report: BenchReport): string {
  const { machine, raw, databases, skipped } = report;
  return [
    `${machine.date} · ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB · ` +
      `${machine.system} · Node ${machine.node} · load before ${machine.loadBefore}`,
    '',
    ...table(
      ['requests', 'database', 'stored runs', 'per second', 'of raw', 'p50 ms', 'p99 ms', 'CPU µs'],
      [
        ...raw.map((figures, index) =>
          loadRow(`raw node:http (${index + 1})`, '–', '–', figures, raw),
        ),
        ...databases.flatMap((figures) => loadRows(figures, raw)),
      ],
    ),
    '',
    ...table(
      ['submission to RUNNING', 'database', 'runs', 'p50 ms', 'p99 ms'],
      databases.flatMap(({ database, wake, poll }) => [
        latencyRow('wes up: woken by the API', database, wake),
        latencyRow('wes serve, wes daemon: polling', database, poll),
      ]),
    ),
    '',
    ...skipped.map(({ database, reason }) => `SKIPPED ${database}: ${reason}`),
    `Took ${Math.round(report.durationSeconds)} s.`,
    '',
  ].join('\n');
}

function loadRows(
  { database, atRuns, submit }: DatabaseFigures,
  raw: readonly LoadFigures[],
): Row[] {
  const most = atRuns.at(-1)?.storedRuns ?? 0;
  return [
    loadRow('POST /runs', database, `${count(most)} and more`, submit, raw),
    ...atRuns.map(({ storedRuns, status }) =>
      loadRow('GET /runs/{id}/status', database, count(storedRuns), status, raw),
    ),
    ...atRuns.map(({ storedRuns, list }) =>
      loadRow('GET /runs (page of 50)', database, count(storedRuns), list, raw),
    ),
  ];
}

function loadRow(
  name: string,
  database: string,
  storedRuns: string,
  { requestsPerSecond, p50Ms, p99Ms, processorMicroseconds }: LoadFigures,
  raw: readonly LoadFigures[],
): Row {
  const best = Math.max(...raw.map((figures) => figures.requestsPerSecond));
  return [
    name,
    database,
    storedRuns,
    count(Math.round(requestsPerSecond)),
    `${((100 * requestsPerSecond) / best).toFixed(1)} %`,
    String(p50Ms),
    String(p99Ms),
    processorMicroseconds?.toFixed(0) ?? '–',
  ];
}

function latencyRow(name: string, database: string, figures: LatencyFigures): Row {
  const { samples, p50Ms, p99Ms } = figures;
  return [name, database, String(samples), p50Ms.toFixed(0), p99Ms.toFixed(0)];
}

function count(value: number): string {
  return value.toLocaleString('en');
}
