/**
 * Followers of a log whose lines each begin with the time in ms at which they were written:
 * node follower-clients.ts <address of the log> <how many>. Prints the delays as JSON when the log has ended.
 */
import { get } from 'node:http';
import { createParser } from 'eventsource-parser';
import { percentile } from '../percentile.ts';

export interface Delays {
  readonly lines: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
}

const [log = '', count = '1'] = process.argv.slice(2);
const delays: number[] = [];
const startedAt = Date.now();

function follow(): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest = '';
    const onEvent = ({ event, data }: { event?: string | undefined; data: string }): void => {
      if (event === 'end') resolve();
      const { text = '' } = JSON.parse(data) as { text?: string }; // of the stream's own events
      const now = Date.now();
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      // What was written before anybody followed says nothing.
      const times = lines.map(Number).filter((time) => time > startedAt);
      delays.push(...times.map((time) => now - time));
    };
    const parser = createParser({ onEvent });
    const request = get(`${log}?follow`, { agent: false }, (response) => {
      response.setEncoding('utf8');
      response.on('data', (part: string) => parser.feed(part));
      response.once('end', () => reject(new Error('a stream broke off')));
    });
    request.once('error', reject);
  });
}

await Promise.all(Array.from({ length: Number(count) }, follow));
const figures: Delays = {
  lines: delays.length,
  p50Ms: percentile(delays, 50),
  p99Ms: percentile(delays, 99),
  mostMs: percentile(delays, 100),
};
process.stdout.write(JSON.stringify(figures));
process.exit(0); // the connections may still be open
