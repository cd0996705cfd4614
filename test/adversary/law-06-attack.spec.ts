import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CHARGE_SHARE, DEBT_SHARE, MISSTATED_SHARE } from '#lib/exchange';
import { bothMargins, buildScenarios, creditChargeRate, portfolioModel } from '#lib/margin';
import { describeWithRealData, realDataColumns, realDataPath } from '../support/real-data.js';

/** Bars of an hour in which the volatility of the next one is reckoned: exponentially weighted. */
const DECAY = 0.97;
const SIDE = 1_000_000;
/** hours */
const WEEK = 168;

interface Policy {
  readonly name: string;
  /** margin as a share of the notional, both levels; from the market's σ of the hour */
  readonly margins: (market: string, sigma: number) => { initial: number; maintenance: number };
  readonly charged: boolean;
}

interface Result {
  gain: number;
  charge: number;
  worst: number;
}

/**
 * Law 6 on real prices: one person is long in one account and short in another, each at its margin, for an hour; the loser's debt
 * is the winner's to keep. Limits are those of 2022, the hours those of 2023, in 24 markets; money an hour, of 1m a side.
 */
describeWithRealData('a pair of accounts that leaves a debt behind', () => {
  const columns = realDataColumns('hourly_close_24.csv');
  const years = readFileSync(realDataPath('hourly_close_24.csv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.slice(0, 4));
  const markets = Object.keys(columns);
  const returns = new Map(
    markets.map((market) => [
      market,
      columns[market].map((price, t) => (t === 0 ? 0 : price / columns[market][t - 1] - 1)),
    ]),
  );
  const limits = buildScenarios({
    markets,
    clusters: {},
    worstHour: Object.fromEntries(
      markets.map((market) => [
        market,
        returns
          .get(market)!
          .reduce((most, r, t) => (years[t] === '2022' ? Math.max(most, Math.abs(r)) : most), 0),
      ]),
    ),
    jointHours: [],
  });
  const known = new Map<string, { initial: number; maintenance: number }>();
  /** Margin as a share of the notional, of σ to a five hundredth of it: a model is made once for hours alike. */
  const shareOf = (market: string, sigma: number, stress: boolean) => {
    const step = sigma === 0 ? -Infinity : Math.round(500 * Math.log(sigma));
    const key = `${market} ${stress} ${step}`;
    let share = known.get(key);
    if (share === undefined) {
      share = bothMargins(portfolio(market, Math.exp(step / 500), stress), [{ market, notional: 1 }]);
      known.set(key, share);
    }
    return share;
  };
  /** of one market alone: its own scenarios, its variance */
  const portfolio = (market: string, sigma: number, stress: boolean) => {
    const at = markets.indexOf(market);
    return portfolioModel({
      version: '1',
      markets: [
        {
          ...{ market, depth: null },
          ...{ initial: [{ above: 0, rate: 0.01 }], maintenance: [{ above: 0, rate: 0.005 }] },
        },
      ],
      ...{ alpha: 1e-3, covariance: [sigma * sigma], absorbable: null },
      scenarios: stress ? limits.map(({ name, shocks }) => ({ name, shocks: [shocks[at]] })) : [],
    });
  };

  function attack({ margins, charged }: Policy): Record<'initial' | 'maintenance', Result> {
    const results = {
      initial: { gain: 0, charge: 0, worst: 0 },
      maintenance: { gain: 0, charge: 0, worst: 0 },
    };
    let hours = 0;
    for (const market of markets) {
      const r = returns.get(market)!;
      let variance = 0;
      for (let t = 1; t < r.length; t++) {
        if (years[t] === '2023') {
          hours++;
          const sigma = Math.sqrt(variance);
          const shares = margins(market, sigma);
          for (const level of ['initial', 'maintenance'] as const) {
            const won = SIDE * Math.max(0, Math.abs(r[t]) - shares[level]);
            results[level].gain += won;
            results[level].worst = Math.max(results[level].worst, won);
            if (charged) results[level].charge += 2 * creditChargeRate(SIDE * sigma, SIDE * shares[level], 1);
          }
        }
        variance = variance === 0 ? r[t] * r[t] : DECAY * variance + (1 - DECAY) * r[t] * r[t];
      }
    }
    for (const result of Object.values(results)) {
      result.gain /= hours;
      result.charge /= hours;
    }
    return results;
  }

  const flat = { initial: 0.05, maintenance: 0.03 };
  const policies: Policy[] = [
    { name: 'flat 5 % (3 %)', margins: () => flat, charged: false },
    {
      name: 'EVaR',
      margins: (market, sigma) => shareOf(market, sigma, false),
      charged: false,
    },
    {
      name: '+ stress',
      margins: (market, sigma) => shareOf(market, sigma, true),
      charged: false,
    },
    {
      name: '+ charge',
      margins: (market, sigma) => shareOf(market, sigma, true),
      charged: true,
    },
  ];

  it('loses money on average with portfolio margin and the charge, and wins without', () => {
    const results = policies.map((policy) => attack(policy));
    if (process.env.SHOW_ATTACK === '1')
      for (const [i, { initial, maintenance }] of results.entries())
        process.stdout.write(`${policies[i].name}: ${JSON.stringify({ initial, maintenance })}\n`);
    const [linear, evar, stressed, charged] = results;
    for (const level of ['initial', 'maintenance'] as const) {
      expect(linear[level].gain).toBeGreaterThan(20);
      expect(evar[level].gain).toBeGreaterThan(0.3 * linear[level].gain);
      expect(stressed[level].gain).toBeLessThan(0.2 * linear[level].gain);
      expect(charged[level].charge).toBeGreaterThan(charged[level].gain);
    }
  });

  /** Both accounts, left alone for a week or until one is below 4 %: what they pay if each hour is charged, and as it is booked. */
  function leftAlone(market: string, margin: number): { hourly: number; booked: number } {
    const prices = columns[market];
    let variance = 0;
    const sigmas = returns.get(market)!.map((r) => {
      const sigma = Math.sqrt(variance);
      variance = variance === 0 ? r * r : DECAY * variance + (1 - DECAY) * r * r;
      return sigma;
    });
    const paid = { hourly: 0, booked: 0 };
    for (let from = years.indexOf('2023'); from + WEEK < prices.length; from += WEEK) {
      const held = [1, -1].map((side) => ({ side, rate: 0, since: -Infinity }));
      let t = from;
      for (let alive = true; alive && t < from + WEEK; t++) {
        for (const account of held) {
          const notional = (SIDE * prices[t]) / prices[from];
          const equity = SIDE * margin + account.side * (notional - SIDE);
          const rate = creditChargeRate(notional * sigmas[t], equity, 1);
          paid.hourly += rate;
          if (equity < 0.04 * notional) alive = false;
          const moved = Math.abs(rate - account.rate);
          const owed = account.rate === 0 ? 0 : account.rate * (t - account.since);
          const matters =
            moved * CHARGE_SHARE > account.rate && moved * (t - account.since) > MISSTATED_SHARE * equity;
          if (!matters && owed <= DEBT_SHARE * equity) continue;
          paid.booked += owed;
          Object.assign(account, { rate, since: t });
        }
      }
      for (const { rate, since } of held) paid.booked += rate * (t - since);
    }
    return paid;
  }

  it('is charged no less by a charge that is booked when it matters than by one that is booked each hour', () => {
    for (const margin of [0.1, 0.2, 0.4]) {
      const all = markets.map((market) => leftAlone(market, margin));
      const sum = (kind: 'hourly' | 'booked') => all.reduce((total, paid) => total + paid[kind], 0);
      expect(sum('booked')).toBeGreaterThan(sum('hourly'));
      expect(sum('booked')).toBeLessThan(1.06 * sum('hourly'));
    }
  });
});
