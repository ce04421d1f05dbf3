/**
 * Runs one Nextflow workflow and tells how it ended: `node main.js PLAN.json` (see ../plan.ts).
 * Of its tasks tells the observer, which runs within Nextflow. The exit code is 0 or 1.
 */
import { readFileSync } from 'node:fs';
import type { Plan } from '../plan.ts';
import { removeContainers } from './containers.ts';
import { endAllOnSigterm } from './process-tree.ts';
import { runWorkflow } from './workflow-run.ts';

const GRACE_MS = 1000;

const [, , path = ''] = process.argv;
const plan = JSON.parse(readFileSync(path, 'utf8')) as Plan; // written by ../command.ts
const isEnding = endAllOnSigterm({
  graceMs: GRACE_MS,
  endOthers: () => removeContainers(plan),
  root: plan.directory.root,
});
const exitCode = await runWorkflow(plan);
if (!isEnding()) process.exit(exitCode);
