import type { Command } from 'commander';
import { APPROVE } from '../approve.js';
import { print } from '../print.js';

interface Signed {
  readonly by: string;
  readonly reason: string;
  readonly key: string;
  readonly url: string;
  readonly approve?: boolean;
}

const signed = (command: Command): Command =>
  command
    .requiredOption('--by <name>', 'who gives the order')
    .requiredOption('--reason <text>', 'why, for the journal')
    .requiredOption('--key <key>', 'API key with the scope "admin"')
    .option('--url <url>', 'of a pricer', 'http://127.0.0.1:8080')
    .option('--approve', APPROVE);

/** `zkrisk market`, `zkrisk bust`: the operator's orders. */
export function registerMarketOrders(program: Command): void {
  signed(
    program
      .command('market')
      .description(
        'orders a market, as the operator: halt, reduce-only, resume, confirm or refuse a held-back move, rescale, delist; accept-time of "*"',
      )
      .argument('<market>')
      .argument('<order>'),
  )
    .option('--factor <decimal>', 'of rescale: prices times this, sizes divided by it')
    .option('--price <decimal>', 'of delist: what every position is settled at')
    .action((market: string, order: string, options: Signed & { factor?: string; price?: string }) => {
      const { factor, price } = options;
      return send(market, options, { order, factor, price });
    });

  signed(
    program
      .command('bust')
      .description(
        'takes a trade back, as the operator: its legs the other way at its own prices, and its premia',
      )
      .argument('<account>', 'the margin account it was booked on')
      .argument('<id>', 'of the trade, or of the liquidation plan'),
  )
    .option('--liquidation', 'it is a liquidation plan')
    .action((account: string, id: string, options: Signed & { liquidation?: boolean }) => {
      const of = options.liquidation === true ? 'liquidation-trades' : 'trades';
      return send('*', options, { order: 'bust', trade: { account, id, of } });
    });
}

async function send(market: string, { by, reason, ...access }: Signed, order: object): Promise<void> {
  const { adminCommand } = await import('../access.command.js');
  const path = `/v1/admin/markets/${encodeURIComponent(market)}/orders`;
  const sent = await adminCommand({
    ...{ method: 'POST', path, url: access.url, key: access.key, approve: access.approve === true },
    body: JSON.stringify({ ...order, by, reason }),
  });
  print(sent.body);
  if (sent.status >= 400) process.exitCode = 1;
}
