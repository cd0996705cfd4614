import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { accountState, poolState } from '#lib/exchange';
import { MarginWatch, ordersOf } from '#lib/liquidating';
import { liquidate, loadSolvers, type Solvers } from '#lib/liquidation';
import type { CovariancePayload } from '#lib/messages';
import { randomStream } from '#lib/runtime';
import { ExchangeMachine, HOUR_MS, number } from '../support/exchange-machine.js';
import { describeWithRealData, realDataColumns, realDataPath } from '../support/real-data.js';

const ACCOUNTS = 400;
const DECAY = 0.97;
const HIGH_RATES = { maintenance: 0.075, initial: 0.15 };
const CAPITAL = 20_000_000;

interface Outcome {
  notional: number;
  margin: number;
  liquidations: number;
  closed: number;
  bankrupt: number;
  loss: number;
}

/**
 * November 2022, hour by hour, 24 markets: the same traders, some hedged, each with one to three times the initial margin it
 * needs, under linear and under portfolio margin. Whoever is below maintenance is liquidated at the hour's close by a certified plan.
 */
describeWithRealData('November 2022', () => {
  const columns = realDataColumns('hourly_close_24.csv');
  const times = readFileSync(realDataPath('hourly_close_24.csv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.slice(0, 20));
  const markets = Object.keys(columns);
  const first = times.findIndex((time) => time.startsWith('2022-11-01'));
  const last = times.findIndex((time) => time.startsWith('2022-12-01'));
  const returnOf = (market: string, t: number) => columns[market][t] / columns[market][t - 1] - 1;
  const until = (t: number) => Array.from({ length: t - 1 }, (_, i) => i + 1);
  const worstHours = Object.fromEntries(
    markets.map((market) => [
      market,
      Math.min(1, Math.max(...until(first).map((t) => Math.abs(returnOf(market, t))))),
    ]),
  );
  const jointHours = until(first)
    .map((t) => Object.fromEntries(markets.map((market) => [market, returnOf(market, t)])))
    .sort((a, b) => sumOf(b) - sumOf(a))
    .slice(0, 8);

  /** One factor, the mean of all returns, and each market's own part; exponentially weighted, over a day. */
  function* forecasts(): Generator<CovariancePayload> {
    const n = markets.length;
    const covariance = new Float64Array(n);
    const own = new Float64Array(n);
    let factor = 0;
    for (let t = 1; t < last; t++) {
      const r = markets.map((market) => returnOf(market, t));
      const common = r.reduce((sum, value) => sum + value, 0) / n;
      factor = DECAY * factor + (1 - DECAY) * common * common;
      r.forEach((value, i) => (covariance[i] = DECAY * covariance[i] + (1 - DECAY) * value * common));
      const beta = markets.map((_, i) => covariance[i] / factor);
      r.forEach((value, i) => (own[i] = DECAY * own[i] + (1 - DECAY) * (value - beta[i] * common) ** 2));
      if (t < first) continue;
      yield {
        ...{ forecastId: `h${t}`, modelVersion: 1, barEnd: Date.parse(times[t]), horizonMs: 24 * HOUR_MS },
        ...{ markets, factors: 1, loadings: beta, factorVariances: [24 * factor] },
        ...{ factorVarianceRates: [24 * 365 * factor], tailFactors: [] },
        ownVariances: Array.from(own, (value) => 24 * value),
        ownVarianceRates: Array.from(own, (value) => 24 * 365 * value),
        ...{ stale: [], warmingUp: [], excluded: [] },
      };
    }
  }

  function replay(rules: object, solvers: Solvers): Outcome {
    const machine = new ExchangeMachine(markets, { rules });
    const at = (t: number) => Object.fromEntries(markets.map((market) => [market, columns[market][t]]));
    const outcome: Outcome = { notional: 0, margin: 0, liquidations: 0, closed: 0, bankrupt: 0, loss: 0 };
    machine.marks(at(first));
    machine.provide('lp', CAPITAL);
    const random = randomStream(2022);
    let t = first;
    for (const forecast of forecasts()) {
      machine.marks(at(t), HOUR_MS);
      machine.forecast(forecast);
      if (t === first) openAll(machine, random, outcome);
      sweep(machine, solvers, outcome);
      t++;
    }
    return outcome;
  }

  function openAll(
    machine: ExchangeMachine,
    random: ReturnType<typeof randomStream>,
    outcome: Outcome,
  ): void {
    for (let a = 0; a < ACCOUNTS; a++) {
      const account = `t${a}`;
      const held = 1 + Math.floor(random.uniform() * 4);
      const side = random.uniform() < 0.55 ? 1 : -1;
      const hedged = random.uniform() < 0.4;
      const notional = 5000 * Math.exp(2 * random.normal());
      const spare = 1 + 2 * random.uniform();
      const sizes = new Map<string, string>();
      for (let k = 0; k < held; k++) {
        const market = markets[Math.floor(random.uniform() * markets.length)];
        const sign = hedged && k % 2 === 1 ? -side : side;
        sizes.set(
          market,
          ((sign * Math.min(notional, 2e5)) / machine.engine.board.mark(market)!.value).toFixed(6),
        );
      }
      machine.deposit(account, 1e7);
      if (machine.trade(account, Object.fromEntries(sizes)).kind !== 'trade-booked') continue;
      const { initialMargin, equity } = machine.engine.accounts.standing(account);
      machine.withdraw(account, Math.max(1, equity - spare * initialMargin).toFixed(2));
      const standing = machine.engine.accounts.standing(account);
      outcome.notional += standing.notional;
      outcome.margin += standing.initialMargin;
    }
  }

  function sweep(machine: ExchangeMachine, solvers: Solvers, outcome: Outcome): void {
    const { engine, ledger } = machine;
    const under = [...ledger.openAccounts()].filter(
      (account) => engine.accounts.standing(account).liquidatable,
    );
    if (under.length === 0) return;
    const watch = new MarginWatch(engine.parameters, {
      board: engine.board.snapshot(),
      forecast: engine.board.latestForecast!,
      pool: poolState(engine),
    });
    for (const account of under) {
      watch.setPool(poolState(engine));
      watch.setAccount(accountState(ledger, account, [], machine.time));
      const before = ledger.totals.bankruptcies;
      const plan = liquidate(watch.caseOf(account), solvers);
      if (plan.outcome === 'healthy') continue;
      const sizes = watch.liquidatable(account).map(({ size }) => size);
      machine.liquidate(
        account,
        Object.fromEntries(ordersOf(plan, sizes).map(({ market, size }) => [market, size])),
      );
      outcome.liquidations++;
      outcome.closed += plan.closedNotional;
      const loss = number(ledger.totals.bankruptcies - before);
      if (loss > 0) outcome.bankrupt++;
      outcome.loss += loss;
    }
  }

  it('costs less in bankruptcies with portfolio margin', async () => {
    const solvers = await loadSolvers();
    const linear = replay({}, solvers);
    // As much margin in all as portfolio margin asks for, of everybody alike.
    const high = replay({ margin: { mode: 'linear', rates: { default: HIGH_RATES, markets: {} } } }, solvers);
    const portfolio = replay(
      {
        margin: { mode: 'portfolio', worstHours, jointHours },
        credit: { accountShare: null, poolShare: null },
      },
      solvers,
    );
    if (process.env.SHOW_REPLAY === '1')
      process.stdout.write(`${JSON.stringify({ linear, high, portfolio })}\n`);
    expect(linear.liquidations).toBeGreaterThan(50);
    expect(portfolio.loss).toBeLessThan(0.5 * linear.loss);
    expect(portfolio.margin).toBeLessThan(high.margin);
    expect(portfolio.loss).toBeLessThanOrEqual(high.loss + 1);
  }, 300_000);
});

function sumOf(hour: Readonly<Record<string, number>>): number {
  return Object.values(hour).reduce((sum, move) => sum + Math.abs(move), 0);
}
