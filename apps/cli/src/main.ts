import { runProgram } from '#lib/terminal';
import { cliProgram } from './program.js';

await runProgram(cliProgram(), { traces: false });
