'use strict';
/* Imports the command: from dist/ in a package, from src/ in a checkout that was not built. */
const { existsSync } = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { setFlagsFromString } = require('node:v8');

const built = path.join(__dirname, '..', 'dist', 'cli', 'main.js');
const source = path.join(__dirname, '..', 'src', 'cli', 'main.ts');

// Node 22 calls parts experimental that are settled by now; nobody needs to be told at each start.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') console.error(warning.stack ?? String(warning));
});

/*
 * The young generation of V8's heap stays as small as it begins. It would grow to 48 MiB where bytes flow, and
 * hold the blocks that passed until they are collected: a process that streams files would be a hundred
 * MiB larger with it, and no faster. It has to be said before anything is loaded.
 */
if (['serve', 'daemon'].includes(process.argv[2])) {
  setFlagsFromString('--semi-space-growth-factor=1');
}

import(pathToFileURL(existsSync(built) ? built : source).href)
  .then(({ main }) => main())
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
