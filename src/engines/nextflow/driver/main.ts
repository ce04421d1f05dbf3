/**
 * Runs one Nextflow workflow and tells how it ended: `node main.js PLAN.json` (see ../plan.ts).
 * Of its tasks tells the observer, which runs within Nextflow. The exit code is 0 or 1.
 */
import { readFileSync } from 'node:fs';
import type { Plan } from '../plan.ts';
import { endAllOnSigterm } from './process-tree.ts';
import { runWorkflow } from './workflow-run.ts';

/** Containers have to be stopped one by one. */
const GRACE_MS = 1000;
const GRACE_WITH_CONTAINERS_MS = 8000;

const [, , path = ''] = process.argv;
const plan = JSON.parse(readFileSync(path, 'utf8')) as Plan; // written by ../command.ts
endAllOnSigterm(plan.containers === undefined ? GRACE_MS : GRACE_WITH_CONTAINERS_MS);
process.exit(await runWorkflow(plan));
