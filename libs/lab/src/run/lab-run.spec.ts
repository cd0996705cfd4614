import { beforeAll, describe, expect, it } from 'vitest';
import { loadSolvers, type Solvers } from '#lib/liquidation';
import type { CovariancePayload } from '#lib/messages';
import { forecastsOf } from '../market/forecast-run.js';
import { generatedPrices } from '../market/generated-prices.js';
import type { LabEvent } from './lab-event.js';
import { forecastSettings, labParameters } from './lab-parameters.js';
import { METRIC_NAMES, MetricFold } from './metrics.js';
import { RULE_SETS, type RuleSet, runRequest } from './run-request.js';

const PARAMETERS = labParameters({
  ...{ minimumBars: 30, windowBars: 60, refitEveryBars: 30, horizonBars: 8 },
  ...{ accounts: 120, decisionsPerBar: 10, liquidity: 500_000, whale: 200_000, attacker: 20_000 },
});
const PANEL = generatedPrices({ seed: 11, markets: 5, bars: 110, crash: { bar: 80, fall: 0.4 } });

let solvers: Solvers;
let forecasts: (CovariancePayload | undefined)[];
beforeAll(async () => {
  solvers = await loadSolvers();
  forecasts = await forecastsOf(PANEL, forecastSettings(PARAMETERS, PANEL.barMs));
}, 60_000);

function eventsOf(rules: RuleSet, seed = 1) {
  const events: LabEvent[] = [];
  const outcome = runRequest({ rules, seed, parameters: PARAMETERS }, PANEL, forecasts, solvers, {
    observe: (event, number) => {
      expect(number).toBe(events.push(event));
    },
  });
  return { events, outcome };
}

describe('a run of the lab', () => {
  it.each(RULE_SETS)('under %s repeats exactly, and another seed is another run', (rules) => {
    const [first, again, other] = [eventsOf(rules), eventsOf(rules), eventsOf(rules, 2)];
    expect(again.outcome).toEqual(first.outcome);
    expect(other.outcome.digest).not.toBe(first.outcome.digest);
    expect(first.outcome.figures.trades).toBeGreaterThan(100);
  });

  it.each(RULE_SETS)(
    'under %s has liquidations and bad debt in a crash, each figure the fold of its events',
    (rules) => {
      const { events, outcome } = eventsOf(rules);
      expect(outcome.figures.closedNotional).toBeGreaterThan(0);
      // Portfolio margin of ours may leave none.
      if (rules !== 'zkrisk') expect(outcome.figures.badDebt).toBeGreaterThan(0);
      const fold = new MetricFold();
      for (const event of events) fold.add(event);
      expect(fold.figures()).toEqual(outcome.figures);
      const sum = (of: (event: LabEvent) => number) => events.reduce((total, event) => total + of(event), 0);
      expect(outcome.figures.badDebt).toBe(sum((event) => (event.kind === 'bankrupt' ? event.loss : 0)));
    },
  );

  it.each(RULE_SETS)('under %s neither makes nor loses money', (rules) => {
    const { claims, figures } = eventsOf(rules).outcome;
    const { paidIn, paidOut, exchangeResult, liquidityResult } = figures;
    const gained = exchangeResult + liquidityResult;
    expect(Math.abs(claims + gained - (paidIn - paidOut))).toBeLessThan(1e-6 * paidIn);
  });

  it('has every rule set in front of the same traders', () => {
    const joined = (rules: RuleSet) =>
      eventsOf(rules)
        .events.filter(({ kind, bar }) => kind === 'paid-in' && bar <= 40)
        .slice(0, PARAMETERS.accounts);
    const [first, ...others] = RULE_SETS.map(joined);
    for (const other of others) expect(other).toEqual(first);
  });

  it('has a figure for every metric', () => {
    const { figures } = eventsOf('zkrisk').outcome;
    for (const name of METRIC_NAMES) expect(Number.isFinite(figures[name])).toBe(true);
  });
});
