import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject } from '../../runs/json.ts';
import { compareVersions, completeInstallations } from '../driven/installations.ts';
import type { EngineInstallation, EnginePlaces, Probe } from '../engine.ts';

/** An engine that is a package of Python. */
export interface PythonPackage {
  readonly engine: string;
  /** Its name in Python's package index. */
  readonly distribution: string;
  /** What must be importable; the first tells where the package lies. */
  readonly modules: readonly [string, ...string[]];
  /** The program that the package puts on PATH. */
  readonly program: string;
}

/** Where Python itself is where a private environment was not asked for. */
const SYSTEM_PYTHONS = ['python3', '/usr/bin/python3'];

/**
 * Says which version of the package this Python has, and in which directory. Importing it is the test:
 * a package of which a part is missing must not count as installed.
 */
function questionAbout({ distribution, modules }: PythonPackage): string {
  const [first] = modules;
  const top = first.split('.')[0] ?? first;
  return [
    'import json, os, sys',
    ...modules.map((name) => `import ${name}`),
    'from importlib.metadata import version',
    `place = os.path.dirname(os.path.dirname(os.path.abspath(sys.modules["${top}"].__file__)))`,
    `print(json.dumps({"version": version("${distribution}"), "python": sys.executable, "place": place}))`,
  ].join('\n');
}

interface Answer {
  readonly version: string;
  readonly python: string;
  readonly place: string;
}

/** Every version that can be found, newest first. */
export async function detectPythonPackage(
  wanted: PythonPackage,
  probe: Probe,
  places: EnginePlaces,
): Promise<readonly EngineInstallation[]> {
  const pythons = [
    ...(await privatePythons(wanted, places)),
    ...(await pythonsOnPath(wanted, probe)),
  ];
  return askAll(wanted, pythons, probe);
}

/** Those in private environments alone. */
export async function detectPrivatePackage(
  wanted: PythonPackage,
  probe: Probe,
  places: EnginePlaces,
): Promise<readonly EngineInstallation[]> {
  return askAll(wanted, await privatePythons(wanted, places), probe);
}

async function askAll(
  wanted: PythonPackage,
  pythons: readonly string[],
  probe: Probe,
): Promise<readonly EngineInstallation[]> {
  const answers = await Promise.all(
    [...new Set(pythons)].map((python) => askPython(wanted, python, probe)),
  );
  const found = new Map<string, EngineInstallation>();
  for (const answer of answers) {
    if (answer !== undefined && !found.has(answer.version)) found.set(answer.version, answer);
  }
  return [...found.values()].toSorted((a, b) => compareVersions(b.version, a.version));
}

async function privatePythons(
  { engine }: PythonPackage,
  { installRoot }: EnginePlaces,
): Promise<readonly string[]> {
  const directories = await completeInstallations(installRoot, engine);
  return directories.map((directory) => join(directory, 'bin', 'python'));
}

/** The Python that the program on PATH runs with, then Python itself. */
async function pythonsOnPath({ program }: PythonPackage, probe: Probe): Promise<readonly string[]> {
  const where = await probe(['sh', '-c', `command -v ${program}`]);
  const script = where?.exitCode === 0 ? where.stdout.trim() : '';
  const head = script === '' ? undefined : await readFile(script, 'utf8').catch(() => undefined);
  const interpreter = head === undefined ? undefined : interpreterOf(head);
  return [...(interpreter === undefined ? [] : [interpreter]), ...SYSTEM_PYTHONS];
}

/**
 * The Python in a script's first line, also in the form that pip writes for paths which are too long
 * for a first line: `#!/bin/sh`, then `'''exec' /path/to/python "$0" "$@"`.
 */
export function interpreterOf(script: string): string | undefined {
  const direct = /^#!\s*(?:\/usr\/bin\/env\s+(?:-S\s+)?)?(\S*python\S*)/.exec(script);
  const indirect = /^#!\/bin\/sh\n'''exec' "?([^"\n]*?python[^"\n\s]*)"? "\$0"/.exec(script);
  return direct?.[1] ?? indirect?.[1];
}

/**
 * A run has a home directory of its own, so what only the present user's packages or PYTHONPATH make
 * importable is named to Python explicitly.
 */
async function askPython(
  wanted: PythonPackage,
  python: string,
  probe: Probe,
): Promise<EngineInstallation | undefined> {
  const question = questionAbout(wanted);
  const { engine } = wanted;
  const alone = parseAnswer(await probe([python, '-I', '-c', question]));
  if (alone !== undefined) return { engine, version: alone.version, launcher: [alone.python] };
  const withUser = parseAnswer(await probe([python, '-c', question]));
  if (withUser === undefined) return undefined;
  const { version, place } = withUser;
  return { engine, version, launcher: ['/usr/bin/env', `PYTHONPATH=${place}`, withUser.python] };
}

function parseAnswer(result: Awaited<ReturnType<Probe>>): Answer | undefined {
  if (result?.exitCode !== 0) return undefined;
  const line = result.stdout.trim().split('\n').at(-1) ?? '';
  const answer = parseJson(line);
  if (!isJsonObject(answer)) return undefined;
  const { version, python, place } = answer;
  if (typeof version !== 'string' || typeof python !== 'string' || typeof place !== 'string') {
    return undefined;
  }
  return { version, python, place };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
