import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EngineInstallation } from '../../../src/engines/engine.ts';
import { findSnakemake } from '../../support/engines.ts';
import { engineRuns, startsOf } from '../../support/snakemake-runs.ts';
import { smkRule, smkRun } from '../../support/snakemake-samples.ts';
import { describeWith } from '../../support/suite.ts';

const { engine, all, missing } = await findSnakemake();

/** Takes the part of singularity(1) that Snakemake uses, and runs the command where it is. */
const RUNTIME = `#!/bin/bash
case "$*" in
  *--version*) echo "singularity-ce version 3.11.4" ;;
  *pull*) while [ "$1" != --name ]; do shift; done; touch "$2" ;;
  *) echo "contained" >&2; exec "\${@: -3}" ;;
esac
`;

function containers(installation: EngineInstallation): void {
  const runs = engineRuns(engine, installation);
  const pathBefore = process.env.PATH ?? '';
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'wes-singularity-'));
    const program = join(directory, 'singularity');
    await writeFile(program, RUNTIME);
    await chmod(program, 0o755);
    process.env.PATH = `${directory}:${pathBefore}`;
  });
  afterAll(async () => {
    process.env.PATH = pathBefore;
    await rm(directory, { recursive: true });
  });

  test('a rule’s container is used where there is singularity', { timeout: 60_000 }, async () => {
    const rule = smkRule('made', {
      output: '"made.txt"',
      more: ['container: "docker://alpine:3"'],
      shell: 'echo x > {output}; exit 4',
    });
    const { outcome, seen } = await runs.toEnd({ ...smkRun(rule), containers: 'singularity' });
    expect(outcome.reason).toMatch(/^Task 'made' failed with exit code 4/);
    const [task] = startsOf(seen);
    expect(task?.notes).toContain('image: docker://alpine:3');
    expect(await readFile(task?.stderrPath ?? '', 'utf8')).toContain('contained');
  });
}

describeWith('snakemake with containers', missing, () => {
  for (const installation of all) {
    describeWith(installation.version, undefined, () => containers(installation));
  }
});
