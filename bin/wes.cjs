#!/usr/bin/env node
'use strict';
/*
 * Starts the `wes` command. Many machines still have a Node that is too old for it: then the Node of
 * the optional package for this platform is started in its place. CommonJS in the syntax of 2009, so
 * that any Node can read it far enough to say what is wrong.
 */
var childProcess = require('child_process');

/* Set for the Node that is started in place of an old one, so that it is never done twice. */
var REPLACED = 'WES_NODE_REPLACED';

/* The range of `engines` in package.json: ^22.23.0 || >=24.15.0 */
function isNewEnough(version) {
  var parts = version.split('.').map(Number);
  if (parts[0] === 22) return parts[1] >= 23;
  return parts[0] > 24 || (parts[0] === 24 && parts[1] >= 15);
}

function findBundledNode() {
  try {
    return require.resolve('node-' + process.platform + '-' + process.arch + '/bin/node');
  } catch (error) {
    return undefined;
  }
}

function refuse() {
  var found = 'this is Node ' + process.versions.node;
  console.error('wes needs Node 24.15 or later (or 22.23 or later of 22); ' + found + '.');
  console.error('Get one from https://nodejs.org, or install wes with its optional packages.');
  process.exit(1);
}

function startOn(node) {
  var environment = {};
  for (var name in process.env) environment[name] = process.env[name];
  environment[REPLACED] = '1';
  var child = childProcess.spawn(node, [__filename].concat(process.argv.slice(2)), {
    stdio: 'inherit',
    env: environment,
  });
  ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach(function (signal) {
    process.on(signal, function () {
      child.kill(signal);
    });
  });
  child.on('error', refuse);
  child.on('exit', function (code, signal) {
    if (!signal) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

if (isNewEnough(process.versions.node)) {
  delete process.env[REPLACED];
  /* In a file of its own, because old Nodes do not know the syntax of `import()`. */
  require('./start.cjs');
} else {
  var bundled = process.env[REPLACED] ? undefined : findBundledNode();
  if (bundled) startOn(bundled);
  else refuse();
}
