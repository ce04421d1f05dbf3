import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../bench/options.ts';
import { percentile } from '../../bench/percentile.ts';
import { renderReport } from '../../bench/report.ts';

describe('a percentile', () => {
  it('is the value that so many do not exceed', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([percentile(values, 50), percentile(values, 99), percentile(values, 100)]).toEqual([
      50, 99, 100,
    ]);
    expect(percentile([7], 99)).toBe(7);
    expect(() => percentile([], 50)).toThrow();
  });
});

describe('the options of the benchmark', () => {
  it('choose databases and length', () => {
    expect(parseOptions([])).toMatchObject({ databases: ['SQLite', 'MariaDB'], asJson: false });
    const quick = parseOptions(['--quick', '--json', '--database', 'mariadb']);
    expect(quick).toMatchObject({ databases: ['MariaDB'], asJson: true });
    expect(quick?.loadSeconds).toBeLessThan(parseOptions([])?.loadSeconds ?? 0);
  });

  it.each([[['--database', 'oracle']], [['--quik']]])('refuse %j', (args) => {
    expect(() => parseOptions(args)).toThrow();
  });
});

describe('the report of the benchmark', () => {
  it('is Markdown with every figure, its ratio to raw node:http, and what was skipped', () => {
    const load = (requestsPerSecond: number) => ({
      requestsPerSecond,
      p50Ms: 1,
      p99Ms: 2,
      processorMicroseconds: 1e6 / requestsPerSecond,
    });
    const latency = { samples: 100, p50Ms: 29.6, p99Ms: 80.2 };
    const text = renderReport({
      machine: {
        date: '2026-01-02',
        processor: 'A processor',
        cores: 2,
        memoryGiB: 8,
        system: 'linux 6',
        node: 'v24.0.0',
        loadBefore: 0.1,
      },
      raw: [load(20_000), load(18_000)],
      databases: [
        {
          database: 'SQLite',
          atRuns: [
            { storedRuns: 1000, status: load(9000), list: load(2000) },
            { storedRuns: 100_000, status: load(8000), list: load(1500) },
          ],
          submit: load(1234.5),
          wake: latency,
          poll: latency,
        },
      ],
      skipped: [{ database: 'MariaDB', reason: 'not installed' }],
      durationSeconds: 60,
    });
    const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
    expect(rows).toContainEqual(
      expect.arrayContaining(['POST /runs', 'SQLite', '100,000 and more', '1,235', '6.2 %']),
    );
    expect(rows).toContainEqual(
      expect.arrayContaining([
        'GET /runs/{id}/status',
        '100,000',
        '8,000',
        '40.0 %',
        '1',
        '2',
        '125',
      ]),
    );
    expect(rows).toContainEqual(
      expect.arrayContaining(['wes up: woken by the API', '100', '30', '80']),
    );
    expect(text).toContain('SKIPPED MariaDB: not installed');
  });
});
