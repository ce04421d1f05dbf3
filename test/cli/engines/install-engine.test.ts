import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { installEngine } from '../../../src/cli/engines/install-engine.ts';
import type { InstallResult } from '../../../src/cli/engines/find-or-install.ts';
import { withInstallLock } from '../../../src/cli/engines/install-lock.ts';
import { until } from '../../support/until.ts';

/**
 * A machine of scripts: only they and a few plain tools are on PATH, and the Pythons of the real machine
 * are out of reach but for `/usr/bin/python3`, which detection and the installer know by its address.
 */
let root = '';
let log: string[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'wes-install-'));
  log = [];
  await mkdir(join(root, 'bin'));
  for (const tool of ['sh', 'mkdir', 'cat', 'chmod', 'echo', 'sleep', 'rm', 'cp']) {
    await symlink(`/bin/${tool}`, join(root, 'bin', tool));
  }
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function script(name: string, body: string): Promise<void> {
  await writeFile(join(root, 'bin', name), `#!/bin/sh\n${body}\n`);
  await chmod(join(root, 'bin', name), 0o755);
}

const PIN = '3.3.20260925135507';

/**
 * An environment's python: pip install writes down what it was asked for, asking gives an answer, whose
 * version is that of the directory.
 */
const PYTHON_IN_ENVIRONMENT = `#!/bin/sh
here="\${0%/*}"
directory="\${here%/*}"
case "$1" in
  -m) echo "$6" >> "$here/../pip-log"; PIP_BODY ;;
  -I) [ -e "$here/../pip-log" ] || exit 1
      echo '{"version": "'"\${directory##*/}"'", "python": "'"$0"'", "place": "/x"}' ;;
esac`;

/** Makes an environment as \`python3 -m venv DIR\` does (DIR is the third word). */
const makesEnvironment = (pip = 'exit 0'): string => `
[ "$1 $2" = "-m venv" ] || exit 1
mkdir -p "$3/bin"
cat > "$3/bin/python" <<'END'
${PYTHON_IN_ENVIRONMENT.replace('PIP_BODY', pip)}
END
chmod +x "$3/bin/python"`;

function install(
  options: {
    force?: boolean;
    maySystemInstall?: boolean;
    pythons?: readonly string[];
    version?: string;
  } = {},
): Promise<InstallResult> {
  return installEngine('cwltool', {
    installRoot: join(root, 'engines'),
    log: (line) => log.push(line),
    environment: { PATH: join(root, 'bin') },
    pythons: ['python3'],
    maySystemInstall: false,
    // The real /usr/bin/python3 may have a cwltool: it does not count here.
    force: true,
    ...options,
  });
}

test('a private environment is made with the pinned version, and found the next time', async () => {
  await script('python3', makesEnvironment());
  const first = await install();
  const directory = join(root, 'engines', 'cwltool', PIN);
  expect(first).toMatchObject({
    how: 'private environment',
    installation: { version: PIN, launcher: [join(directory, 'bin', 'python')] },
  });
  expect(await readFile(join(directory, 'pip-log'), 'utf8')).toBe(`cwltool==${PIN}\n`);
  expect(log.at(-1)).toBe(`Installed cwltool ${PIN} (python3 -m venv).`);

  expect(await install()).toMatchObject({ how: 'found' });
  expect(await readFile(join(directory, 'pip-log'), 'utf8')).toBe(`cwltool==${PIN}\n`);
});

test('an older pinned version is taken where Python is too old for the first', async () => {
  await script('python3', makesEnvironment('case "$6" in *==3.1.*) exit 0;; *) exit 1;; esac'));
  expect(await install()).toMatchObject({ how: 'private environment' });
  const asked = await readFile(join(root, 'engines', 'cwltool', PIN, 'pip-log'), 'utf8');
  expect(asked).toMatch(/^cwltool==3\.3\.\d+\ncwltool==3\.1\.\d+\n$/);
});

test('a version that is asked for is installed beside others, or not at all', async () => {
  await script('python3', makesEnvironment());
  await install();
  const older = '3.1.20251031082601';
  await install({ version: '3.1' });
  const place = join(root, 'engines', 'cwltool');
  expect((await readdir(place)).toSorted()).toEqual([older, PIN]);
  expect(await readFile(join(place, older, 'pip-log'), 'utf8')).toBe(`cwltool==${older}\n`);
  expect(await install({ version: '2' })).toBeUndefined();
  expect(log.at(-1)).toBe(`cwltool 2 is not known here; known: ${PIN}, ${older}.`);
});

test('virtualenv helps where venv lacks its parts, as on a bare Debian', async () => {
  await script('python3', 'echo "ensurepip is not available" >&2; exit 1');
  await script('virtualenv', `set -- -m venv "$2"; ${makesEnvironment()}`);
  expect(await install()).toMatchObject({ how: 'private environment' });
  expect(log.at(-1)).toBe(`Installed cwltool ${PIN} (virtualenv).`);
});

test('each way that did not work is told, and nothing is left of it', async () => {
  await script('python3', 'echo "ensurepip is not available" >&2; exit 1');
  expect(await install()).toBeUndefined();
  expect(log).toEqual([
    expect.stringContaining('Installing cwltool from'),
    'That did not work: python3 -m venv: ensurepip is not available',
    'That did not work: virtualenv: not installed',
    'That did not work: python3 -m virtualenv: ensurepip is not available',
    expect.stringContaining('apt-get install cwltool'),
  ]);
  expect(await readdir(join(root, 'engines', 'cwltool'))).toEqual([]);
});

test('an environment whose cwltool can not be started is removed', async () => {
  await script('python3', makesEnvironment('rm "$here/../pip-log"; exit 0'));
  expect(await install()).toBeUndefined();
  expect(log).toContain('That did not work: cwltool was installed but can not be started.');
  expect(await readdir(join(root, 'engines', 'cwltool'))).toEqual([]);
});

test("the system's package is the last resort of root", async () => {
  const answer = '{"version": "99.1", "python": "/opt/python", "place": "/x"}';
  await script('python3', 'exit 1');
  await script('answering-python', `echo '${answer}'`);
  const cwltool = join(root, 'bin', 'cwltool');
  await script(
    'apt-get',
    `[ "$1" = install ] || { echo "no network"; exit 1; }
     printf '#!${join(root, 'bin', 'answering-python')}\\n' > ${cwltool}; chmod +x ${cwltool}`,
  );
  expect(await install({ maySystemInstall: true })).toMatchObject({
    how: 'system package',
    installation: { version: '99.1', launcher: ['/opt/python'] },
  });
  expect(log).toContain('apt-get update did not work: no network');
});

test('when the package can not be installed either, its reason is told', async () => {
  await script('python3', 'exit 1');
  await script('apt-get', 'echo "Unable to locate package cwltool" >&2; exit 100');
  expect(await install({ maySystemInstall: true })).toBeUndefined();
  expect(log.at(-2)).toBe(
    'That did not work: apt-get install cwltool: Unable to locate package cwltool',
  );
  expect(log.at(-1)).toContain('python3-venv');
});

test('a machine without Python is told what it lacks', async () => {
  expect(await install()).toBeUndefined();
  expect(log).toContain('That did not work: Python 3 is not installed (looked for python3)');
  expect(log.at(-1)).toContain('Then run this command again');
});

test('a Python that is found by two names is tried once', async () => {
  await script('python3', 'echo "ensurepip is not available" >&2; exit 1');
  await install({ pythons: ['python3', join(root, 'bin', 'python3')] });
  expect(log.filter((line) => line.includes('-m venv'))).toHaveLength(1);
});

test('a half-built environment is removed and built anew', async () => {
  const unfinished = join(root, 'engines', 'cwltool', '3.0');
  await mkdir(unfinished, { recursive: true });
  await script('python3', makesEnvironment());
  expect(await install()).toMatchObject({ how: 'private environment' });
  expect(await readdir(join(root, 'engines', 'cwltool'))).toEqual([PIN]);
  expect(log.join('\n')).toContain(`Removing the unfinished installation ${unfinished}`);
});

test('several at once make one environment', async () => {
  await script('python3', makesEnvironment('sleep 0.3; exit 0'));
  const results = await Promise.all([install(), install(), install()]);
  expect(results.map((result) => result?.how).toSorted()).toEqual([
    'found',
    'found',
    'private environment',
  ]);
  const directory = join(root, 'engines', 'cwltool', PIN);
  expect(await readFile(join(directory, 'pip-log'), 'utf8')).toBe(`cwltool==${PIN}\n`);
});

test('a lock is waited for, and one whose holder is gone is taken', async () => {
  const lock = join(root, 'lock');
  await writeFile(lock, '999999999');
  const waits: number[] = [];
  const order: string[] = [];
  const first = withInstallLock(lock, { onWait: (pid) => waits.push(pid) }, async () => {
    order.push('first');
    await until(() => waits.length > 0);
  });
  await until(() => order.length > 0);
  const second = withInstallLock(lock, { onWait: (pid) => waits.push(pid) }, async () => {
    order.push('second');
  });
  await Promise.all([first, second]);
  expect(order).toEqual(['first', 'second']);
  expect(waits).toEqual([process.pid]);
  expect(await readdir(root)).toEqual(['bin']);
});

test('many that want a lock at the same moment have it one after the other', async () => {
  const lock = join(root, 'lock');
  let inside = 0;
  let most = 0;
  const worker = async (): Promise<void> =>
    withInstallLock(lock, { onWait: () => undefined }, async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    });
  await Promise.all(Array.from({ length: 12 }, worker));
  expect(most).toBe(1);
  expect(await readdir(root)).toEqual(['bin']);
});

test('a lock is given back when the work fails', async () => {
  const lock = join(root, 'lock');
  const failing = withInstallLock(lock, { onWait: () => undefined }, async () => {
    throw new Error('no space');
  });
  await expect(failing).rejects.toThrow('no space');
  expect(await readdir(root)).toEqual(['bin']);
});
