import type { Command } from 'commander';

/** A command with the options of `ChainOptions`. */
export function onChain(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--rpc <url>', 'a node; default: that of the deployment')
    .option('--oracle <address>', 'the RiskOracle; default: that of the deployment')
    .option('--deployment <file>', 'file written by "deploy" or "npm start"', '.zkrisk/deployment.json');
}
