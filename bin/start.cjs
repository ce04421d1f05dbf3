'use strict';
/* Imports the command: from dist/ in a package, from src/ in a checkout that was not built. */
const { existsSync } = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const built = path.join(__dirname, '..', 'dist', 'cli', 'main.js');
const source = path.join(__dirname, '..', 'src', 'cli', 'main.ts');

// Node 22 calls parts experimental that are settled by now; nobody needs to be told at each start.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') console.error(warning.stack ?? String(warning));
});

import(pathToFileURL(existsSync(built) ? built : source).href)
  .then(({ main }) => main())
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
