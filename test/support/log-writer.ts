/** A task that writes a log at an even pace: node log-writer.ts '<LogOrder as JSON>' */
import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { logBlocks, type LogOrder } from './log-blocks.ts';

const STANDARD_OUTPUT = 1;

const order = JSON.parse(process.argv[2] ?? '') as LogOrder; // written by a test
const startedAt = performance.now();
let written = 0;
for (const block of logBlocks(order)) {
  for (let at = 0; at < block.length;) at += writeSync(STANDARD_OUTPUT, block, at);
  written += block.length;
  const aheadMs = (written / order.bytesPerSecond) * 1000 - (performance.now() - startedAt);
  if (aheadMs > 5) await delay(aheadMs);
}
