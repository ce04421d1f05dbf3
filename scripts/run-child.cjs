'use strict';
/**
 * Runs the programs of a script so that nothing of them outlives it: each gets a process group of its
 * own, and a signal that is to end this process ends all of that group. It arrives there once, although
 * npm passes a terminal's Ctrl-C on a second time, and as SIGTERM, which background jobs do not ignore.
 */
const { spawn } = require('node:child_process');

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const SAME_SIGNAL_MS = 500;
const EXIT_INTERRUPTED = 130;

let group;
let interruptedAt;

function interrupt() {
  const isRepeated = interruptedAt !== undefined && Date.now() - interruptedAt < SAME_SIGNAL_MS;
  if (isRepeated) return;
  interruptedAt = Date.now();
  if (group === undefined) process.exit(EXIT_INTERRUPTED);
  try {
    process.kill(-group, 'SIGTERM');
  } catch (error) {
    // It has just ended by itself.
    if (error.code !== 'ESRCH') throw error;
  }
}

/**
 * Resolves with the exit status of the program. One that was ended by a signal, or does not exist, has 1;
 * after a signal to this process no further program is started.
 */
function runChild(program, args, options) {
  for (const signal of SIGNALS) {
    if (process.listenerCount(signal) === 0) process.on(signal, interrupt);
  }
  return new Promise((resolve) => {
    const child = spawn(
      program,
      args,
      Object.assign({ stdio: 'inherit', detached: true }, options),
    );
    group = child.pid;
    const end = (status) => {
      group = undefined;
      if (interruptedAt !== undefined && status !== 0) process.exit(EXIT_INTERRUPTED);
      resolve(status);
    };
    child.once('error', (error) => {
      console.error(`${program}: ${error.message}`);
      end(1);
    });
    child.once('exit', (code) => end(code === null ? 1 : code));
  });
}

module.exports = { runChild };
