import { wholeText } from '#lib/amounts';
import { deadLetterRows } from './dead-letters.js';
import type { Report } from './report.js';
import { settlementRows } from './settlements.js';
import { vaultRows } from './vault.js';

/** Lines of a report: a name and a figure. */
export function reportRows(report: Report): [string, string][] {
  const money = (text: string) =>
    Number(text).toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const refusals = Object.entries(report.accounts.refusedTrades).map(([code, count]) => `${code} ${count}`);
  const reasons = refusals.length > 0 ? ` (${refusals.join(', ')})` : '';
  return [
    ['market', report.market],
    ...report.input.notes.map((note): [string, string] => ['input', note]),
    ['bars with a forecast', `${report.bars}, ${report.from} to ${report.to}`],
    ['trades', `${report.trades.booked} booked, ${report.trades.rejected} refused${reasons}`],
    ['risk premia', money(report.collected.riskPremia)],
    ['liquidity premia', money(report.collected.liquidityPremia)],
    ['funding to the exchange', money(report.collected.riskFunding)],
    ['funding to providers', money(report.collected.liquidityFunding)],
    ['withdrawal fees', money(report.collected.withdrawalFees)],
    ['capital P at the end', money(report.finally.capital)],
    ['liquidity L at the end', money(report.finally.liquidity)],
    ['risk measure, mean', report.risk.meanRiskMeasure.toFixed(2)],
    ['risk measure, largest', `${report.risk.largestRiskMeasure.toFixed(2)} at ${report.risk.largestAt}`],
    ['EVaR, largest share of P+L', `${(100 * report.risk.largestShareOfCapital).toFixed(2)} %`],
    ['margin accounts', `${report.accounts.margin}, ${report.accounts.refusedCommands} withdrawals refused`],
    ...liquidationRows(report.liquidations, money),
    ...(report.vault === null ? [] : vaultRows(report.vault)),
    ...(report.settlement === null ? [] : settlementRows(report.settlement)),
    ['models fitted', `${report.forecast.models}, ${report.forecast.meanFitSeconds.toFixed(2)} s each`],
    ...deadLetterRows(report.deadLetters),
    ['books out of balance by', report.finally.imbalance],
    ['solvent throughout', report.solvent ? 'yes' : `NO, short by ${money(report.finally.shortfall)}`],
    ['took', report.wallSeconds === null ? 'resumed' : `${report.wallSeconds.toFixed(1)} s`],
  ];
}

/** The report as a readable table. */
export function reportTable(report: Report): string {
  const rows = reportRows(report);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

function liquidationRows(
  liquidations: Report['liquidations'],
  money: (text: string) => string,
): [string, string][] {
  const { byOutcome, busiestDay, capitalAround: around } = liquidations;
  const share = (100 * liquidations.closedNotional) / Math.max(1, liquidations.wholeNotional);
  return [
    ['liquidations', byOutcome.map(({ outcome, plans }) => `${outcome} ${plans}`).join(', ') || 'none'],
    ['largest certified gap', liquidations.largestGap.toExponential(2)],
    [
      'notional liquidated',
      `${wholeText(liquidations.closedNotional)}, ${share.toFixed(1)} % of closing everything (${wholeText(liquidations.wholeNotional)})`,
    ],
    ['bankruptcies borne by the pool', money(liquidations.bankruptcies)],
    ...(busiestDay && around
      ? ([
          [
            'busiest day',
            `${busiestDay.day}: ${busiestDay.plans} plans, ${wholeText(busiestDay.closedNotional)} closed; P + L ${wholeText(around.before)} before, ${wholeText(around.after)} after`,
          ],
        ] as [string, string][])
      : []),
  ];
}
