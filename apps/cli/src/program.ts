import type { Command } from 'commander';
import { newProgram } from '#lib/terminal';
import { registerBooks } from './programs/books.js';
import { registerHistory } from './programs/history.js';
import { registerLab } from './programs/lab.js';
import { registerModels } from './programs/models.js';
import { registerOperations } from './programs/operations.js';
import { registerPage } from './programs/page.js';
import { registerPools } from './programs/pools.js';
import { registerPrices } from './programs/prices.js';
import { registerProofs } from './programs/proofs.js';
import { registerLearnedModels } from './programs/learned-models.js';
import { registerRules } from './programs/rules.js';

/** The command line with all its commands. */
export function cliProgram(): Command {
  const program = newProgram('zkrisk', 'Risk engine of a perpetual-futures exchange: command line');
  registerPrices(program);
  registerModels(program);
  registerLab(program);
  registerPools(program);
  registerRules(program);
  registerLearnedModels(program);
  registerBooks(program);
  registerProofs(program);
  registerOperations(program);
  registerHistory(program);
  registerPage(program);
  return program;
}
