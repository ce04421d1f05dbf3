import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const LIST = `
import json, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
print(json.dumps([[one.filename, archive.read(one).decode()] for one in archive.infolist()]))
`;

/** Reads an archive with a program that is not ours, which checks each checksum: name → text. */
export async function unzip(archive: Uint8Array): Promise<ReadonlyMap<string, string>> {
  const directory = await mkdtemp(join(tmpdir(), 'wes-unzip-'));
  try {
    const path = join(directory, 'archive.zip');
    await writeFile(path, archive);
    const { stdout } = await run('python3', ['-c', LIST, path], { maxBuffer: 2 ** 28 });
    return new Map(JSON.parse(stdout) as [string, string][]);
  } finally {
    await rm(directory, { recursive: true });
  }
}
