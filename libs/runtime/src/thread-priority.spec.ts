import { execFileSync } from 'node:child_process';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STEP_BACK, stepBack } from './thread-priority.js';

/** Niceness of a thread that has stepped back, and of its process's main thread, in a process that was started with one. */
function nicenessOf(ofProcess: number, by: number): number[] {
  const module = join(import.meta.dirname, 'thread-priority.js');
  const thread = `
    const { parentPort } = require('node:worker_threads');
    const { getPriority } = require('node:os');
    import(${JSON.stringify(`file://${module}`)}).then(({ stepBack }) => {
      stepBack(${by});
      parentPort.postMessage(getPriority(0));
    });`;
  const main = `
    const { Worker } = require('node:worker_threads');
    const { getPriority, setPriority } = require('node:os');
    setPriority(0, ${ofProcess});
    new Worker(${JSON.stringify(thread)}, { eval: true }).on('message', (of) => {
      process.stdout.write(JSON.stringify([of, getPriority(0)]));
    });`;
  return JSON.parse(execFileSync(process.execPath, ['-e', main], { encoding: 'utf8' })) as number[];
}

describe.runIf(process.platform === 'linux')(stepBack, () => {
  it('puts the calling thread alone behind its process, whatever that one’s priority', () => {
    // Niceness only grows without privileges, and a run of tests may be niced itself.
    const own = getPriority(0);
    for (const ofProcess of [own, Math.max(own, 7), Math.max(own, 15), 19]) {
      expect(nicenessOf(ofProcess, STEP_BACK.some)).toEqual([Math.min(19, ofProcess + 10), ofProcess]);
      expect(nicenessOf(ofProcess, STEP_BACK.far)).toEqual([Math.min(19, ofProcess + 19), ofProcess]);
    }
  });
});
