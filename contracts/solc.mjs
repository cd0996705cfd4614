#!/usr/bin/env node
// The compiler's interface that forge needs, on the solc of npm: its version, and standard JSON in and out.
import { readFileSync } from 'node:fs';
import solc from 'solc';

const given = new Set(process.argv.slice(2));
if (given.has('--version')) {
  const version = solc.version().replace('.Emscripten.clang', '.Linux.g++');
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else if (given.has('--standard-json')) {
  process.stdout.write(solc.compile(readFileSync(0, 'utf8')));
} else {
  process.stderr.write(`unknown arguments ${[...given].join(' ')}\n`);
  process.exit(1);
}
