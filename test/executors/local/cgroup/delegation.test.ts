import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import {
  enableControllers,
  isDelegated,
  SERVICE_GROUP,
} from '../../../../src/executors/local/cgroup/delegation.ts';
import { createPlaces } from '../../../../src/executors/local/cgroup/places.ts';
import { describeWith } from '../../../support/suite.ts';
import { until } from '../../../support/until.ts';

const found = await createPlaces({ enable: false, versions: [2] })('freezer');
const missing = found ? undefined : 'this machine gives no group of cgroup v2 to this user';

describeWith(
  'a group of version 2 that is ours',
  missing,
  () => {
    const place = { version: 2, path: found?.path ?? '', controllers: ['memory'] } as const;

    test('is known as such, and one that is not there is not', async () => {
      expect(await isDelegated(place)).toBe(true);
      expect(await isDelegated({ ...place, path: join(place.path, 'missing') })).toBe(false);
    });

    test('has its processes moved aside, so that groups below it can have controllers', async () => {
      const group = { ...place, path: join(place.path, `wes-test-${randomUUID()}`) };
      await mkdir(group.path);
      const child = spawn('sleep', ['600']);
      await once(child, 'spawn');
      await writeFile(join(group.path, 'cgroup.procs'), String(child.pid));
      // Whether the controller is there or not depends on the machine.
      await enableControllers(group, 'memory');
      const leaf = join(group.path, SERVICE_GROUP);
      expect(await readFile(join(leaf, 'cgroup.procs'), 'utf8')).toBe(`${child.pid}\n`);
      child.kill('SIGKILL');
      await once(child, 'exit');
      for (const path of [leaf, group.path]) {
        await until(() =>
          rmdir(path).then(
            () => true,
            () => false,
          ),
        );
      }
    });
  },
  { extra: true },
);
