import type { Command } from 'commander';
import { print } from '../print.js';

/** `zkrisk price`, `zkrisk liquidate`, `zkrisk check-plan`. */
export function registerBooks(program: Command): void {
  program
    .command('price')
    .description('price a book: risk measure, premia, funding, allocations, LP legs')
    .requiredOption(
      '--input <file>',
      'JSON: alpha, tau (years), prices, returnCovariance, q, C, P, L, and optionally returnCovarianceRate, pendingPremia, trade, lpWithdrawal',
    )
    .action(async ({ input }: { input: string }) => {
      const { priceCommand } = await import('../price.command.js');
      print(priceCommand(input));
    });

  program
    .command('liquidate')
    .description('the least liquidation that restores an account’s initial margin, with its certificate')
    .requiredOption('--input <file>', 'JSON: collateral, positions, pool, alpha, and optionally penaltyRate')
    .action(async ({ input }: { input: string }) => {
      const { liquidateCommand } = await import('../liquidate.command.js');
      print(await liquidateCommand(input));
    });

  program
    .command('check-plan')
    .description('check a liquidation plan without any solver; exit code 1 where it does not hold')
    .argument('<file>', 'JSON: what "liquidate" prints, or a liquidation’s plan from the API')
    .action(async (file: string) => {
      const { checkPlanCommand } = await import('../liquidate.command.js');
      const verdict = checkPlanCommand(file);
      print(verdict);
      if (!verdict.holds) process.exitCode = 1;
    });
}
