// Long because reference numbers and properties share their vectors.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildScenarios,
  doesNotRaiseDeficit,
  linearParameters,
  marginTerms,
  MarginSchedule,
  PortfolioBook,
  portfolioModel,
  type PortfolioParameters,
  tieredMargin,
  bothMargins,
} from '../index.js';

interface Vectors {
  margin: {
    markets: string[];
    sigma_h: string[];
    correlation: string[][];
    depth: string[];
    f: string[];
    K: string;
    b: string;
    alpha: string;
    scenarios: string[][];
    cases: Record<'evar' | 'stress' | 'R' | 'J' | 'A' | 'F' | 'initial' | 'maintenance', string>[] &
      { x: string[] }[];
  };
}
const { margin: vectors } = JSON.parse(readFileSync('test/vectors/margin-adl.json', 'utf8')) as Vectors;

const sigma = vectors.sigma_h.map(Number);
const PARAMETERS: PortfolioParameters = {
  version: 'vectors',
  markets: vectors.markets.map((market, i) => ({
    market,
    depth: Number(vectors.depth[i]),
    initial: [{ above: 0, rate: Number(vectors.f[i]) }],
    maintenance: [{ above: 0, rate: Number(vectors.f[i]) / 2 }],
  })),
  alpha: Number(vectors.alpha),
  covariance: sigma.flatMap((a, i) => sigma.map((b, j) => a * b * Number(vectors.correlation[i][j]))),
  scenarios: vectors.scenarios.map((shocks, k) => ({ name: `s${k}`, shocks: shocks.map(Number) })),
  absorbable: Number(vectors.b) * Number(vectors.K),
};
const MODEL = portfolioModel(PARAMETERS);
const book = (x: readonly number[]) =>
  x.map((notional, i) => ({ market: PARAMETERS.markets[i].market, notional }));
const total = (x: readonly number[], level: 'initial' | 'maintenance' = 'initial') =>
  marginTerms(MODEL, book(x), level).total;
const notional = fc.integer({ min: -3000, max: 3000 }).map((thousands) => thousands * 1e3);
const portfolio = fc.tuple(notional, notional, notional);

describe('marginTerms', () => {
  it('agrees with 50-digit arithmetic, term by term', () => {
    for (const given of vectors.cases) {
      const x = given.x.map(Number);
      const terms = marginTerms(MODEL, book(x), 'initial');
      const close = (value: number, expected: string) => {
        expect(Math.abs(value - Number(expected))).toBeLessThanOrEqual(1e-14 * Math.abs(Number(expected)));
      };
      close(terms.risk, given.R);
      close(terms.closing, given.A);
      close(terms.floor, given.F);
      close(terms.concentration, given.J);
      close(terms.total, given.initial);
      close(total(x, 'maintenance'), given.maintenance);
    }
  });

  it('names what is the worst that can happen', () => {
    expect(marginTerms(MODEL, book([1e6, 0, 0]), 'initial').worst).toBe('s0');
    expect(marginTerms(MODEL, [], 'initial')).toEqual({
      risk: 0,
      worst: 'none',
      concentration: 0,
      closing: 0,
      floor: 0,
      total: 0,
    });
    const evar = portfolioModel({ ...PARAMETERS, scenarios: [] });
    expect(marginTerms(evar, book([1e6, 0, 0]), 'initial').worst).toBe('evar');
  });

  it('is convex, and nothing is gained by merging what is margined apart but the terms that curb size', () => {
    fc.assert(
      fc.property(portfolio, portfolio, fc.integer({ min: 0, max: 100 }), (x, y, percent) => {
        const share = percent / 100;
        const between = x.map((value, i) => share * value + (1 - share) * y[i]);
        const chord = share * total(x) + (1 - share) * total(y);
        expect(total(between)).toBeLessThanOrEqual(chord * (1 + 1e-12) + 1e-6);
      }),
    );
  });

  it('is at least proportionally smaller for a part of the portfolio', () => {
    fc.assert(
      fc.property(portfolio, fc.integer({ min: 0, max: 100 }), (x, percent) => {
        const kept = 1 - percent / 100;
        const part = total(x.map((value) => kept * value));
        expect(part).toBeLessThanOrEqual(kept * total(x) * (1 + 1e-12));
      }),
    );
  });

  it('is the same to the bit where only the scenarios are looked at that move one of the markets', () => {
    const markets = ['A', 'B', 'C', 'D'];
    const made = portfolioModel({
      ...PARAMETERS,
      markets: markets.map((market) => ({ ...PARAMETERS.markets[0], market })),
      alpha: null,
      covariance: [],
      scenarios: buildScenarios({
        ...{ markets, clusters: { pair: ['A', 'B'] } },
        worstHour: { A: 0.3, B: 0.1, C: 0.9, D: 0 },
        jointHours: [
          { A: 0.2, C: -0.4 },
          { B: -0.31, D: 0 },
        ],
      }),
    });
    expect(made.joint.length + made.alone.reduce((sum, { length }) => sum + length, 0)).toBe(
      made.scenarios.length,
    );
    expect(Array.from(made.alone, ({ length }) => length)).toEqual([2, 4, 2, 2]);
    const held = fc.uniqueArray(
      fc.record({ market: fc.constantFrom(...markets), notional: fc.integer({ min: -1e7, max: 1e7 }) }),
      { selector: ({ market }) => market, maxLength: 4 },
    );
    fc.assert(
      fc.property(held, (x) => {
        const { initial, maintenance } = bothMargins(made, x);
        expect(initial).toBe(marginTerms(made, x, 'initial').total);
        expect(maintenance).toBe(marginTerms(made, x, 'maintenance').total);
      }),
    );
  });

  it('is the linear schedule’s to the bit without scenarios and limits, cross and isolated', () => {
    const rates = MarginSchedule.parse('default=0.03/0.05,BTC=0.02/0.04');
    const model = portfolioModel(
      linearParameters(
        rates,
        PARAMETERS.markets.map(({ market }) => market),
      ),
    );
    const position = (market: string) =>
      fc.record({
        market: fc.constant(market),
        size: fc.integer({ min: -1e6, max: 1e6 }).map((size) => size / 1e3),
        entryNotional: fc.integer({ min: -1e6, max: 1e6 }),
        mark: fc.integer({ min: 1, max: 1e7 }).map((cents) => cents / 100),
      });
    fc.assert(
      fc.property(fc.tuple(position('BTC'), position('ETH'), position('SOL')), (positions) => {
        for (const some of [positions, ...positions.map((one) => [one])]) {
          const due = (level: 'initial' | 'maintenance') =>
            some.reduce(
              (sum, { market, size, mark }) => sum + rates.of(market)[level] * Math.abs(size * mark),
              0,
            );
          const x = some.map(({ market, size, mark }) => ({ market, notional: size * mark }));
          expect(marginTerms(model, x, 'initial').total).toBe(due('initial'));
          expect(marginTerms(model, x, 'maintenance').total).toBe(due('maintenance'));
          expect(bothMargins(model, x)).toEqual({ initial: due('initial'), maintenance: due('maintenance') });
        }
      }),
    );
  });

  it.each([
    ['a market without parameters', [{ market: 'DOGE', notional: 1 }], /positions\[0\]\.market: has no/],
    ['a market twice', [...book([1]), ...book([1])], /positions\[1\]\.market: is there twice/],
    ['a notional that is none', [{ market: 'BTC', notional: NaN }], /positions\[0\]\.notional/],
  ])('refuses %s', (_what, positions, words) => {
    expect(() => marginTerms(MODEL, positions, 'initial')).toThrow(words);
  });
});

describe('tieredMargin', () => {
  const tiers = [
    { above: 0, rate: 0.01 },
    { above: 100, rate: 0.02 },
    { above: 300, rate: 0.05 },
  ];
  it.each([
    [50, 0.5],
    [100, 1],
    [200, 3],
    [400, 10],
  ])('of %d is %d', (notional, margin) => {
    expect(tieredMargin(notional, tiers)).toBeCloseTo(margin, 12);
  });

  it.each([
    ['no tiers', [], /at least one/],
    ['a falling rate', [tiers[1], tiers[0]], /above: must be 0/],
    ['a rate that falls', [tiers[0], { above: 5, rate: 0.001 }], /\[1\]\.rate: must not be below/],
    ['thresholds out of order', [...tiers, { above: 300, rate: 0.05 }], /\[3\]\.above: must be above 300/],
    ['a rate above 1', [{ above: 0, rate: 1.5 }], /\[0\]\.rate: must be from 0 to 1/],
  ])('refuses %s', (_what, initial, words) => {
    const [first, ...others] = PARAMETERS.markets;
    expect(() => portfolioModel({ ...PARAMETERS, markets: [{ ...first, initial }, ...others] })).toThrow(
      words,
    );
  });
});

describe('portfolioModel', () => {
  it.each([
    ['alpha', { alpha: 1 }, /alpha/],
    ['depth', { markets: [{ ...PARAMETERS.markets[0], depth: 0 }] }, /markets\[0\]\.depth/],
    ['a market twice', { markets: [...PARAMETERS.markets, PARAMETERS.markets[0]] }, /must not repeat/],
    ['absorbable', { absorbable: -1 }, /absorbable/],
    ['covariance', { covariance: [1] }, /covariance: must have 9/],
    [
      'a covariance that is none',
      { covariance: [...Array.from(PARAMETERS.covariance).slice(1), NaN] },
      /covariance\[8\]/,
    ],
    ['a short scenario', { scenarios: [{ name: 'x', shocks: [0] }] }, /scenarios\[0\]\.shocks: must have 3/],
    ['a price below 0', { scenarios: [{ name: 'x', shocks: [0, -1.1, 0] }] }, /shocks\[1\]/],
    ['too many', { scenarios: new Array(1025).fill(PARAMETERS.scenarios[0]) }, /at most 1024/],
  ] as [string, Partial<PortfolioParameters>, RegExp][])('refuses %s', (_what, change, words) => {
    expect(() => portfolioModel({ ...PARAMETERS, ...change })).toThrow(words);
  });
});

describe('doesNotRaiseDeficit', () => {
  it('refuses the closing of a hedge though each position becomes smaller', () => {
    const hedged = portfolioModel({ ...PARAMETERS, scenarios: PARAMETERS.scenarios.slice(0, 3) });
    const at = (x: number[], equity: number) => ({
      margin: marginTerms(hedged, book(x), 'maintenance').total,
      equity,
    });
    const before = at([1e6, -1e6, 0], 20_000);
    expect(before.margin).toBeGreaterThan(before.equity);
    expect(doesNotRaiseDeficit(before, at([0.9e6, 0, 0], 20_000))).toBe(false);
    expect(doesNotRaiseDeficit(before, at([0.9e6, -0.9e6, 0], 20_000))).toBe(true);
    expect(doesNotRaiseDeficit(at([1e6, 0, 0], 60_000), at([1.05e6, 0, 0], 60_000))).toBe(true);
  });
});

describe('buildScenarios', () => {
  const input = {
    markets: ['BTC', 'ETH', 'SOL'],
    clusters: { large: ['BTC', 'ETH'] },
    worstHour: { BTC: 0.1, ETH: 0.08, SOL: 0.19 },
    jointHours: [{ BTC: -0.072, ETH: -0.103, SOL: -0.214 }],
  };
  it('has market, clusters, each market alone and joint hours, with both signs', () => {
    const scenarios = buildScenarios(input);
    expect(scenarios).toHaveLength(2 * (3 + 1 + 3 + 1));
    const of = (name: string) => scenarios.find((scenario) => scenario.name === name)?.shocks;
    // With the others no market falls further than it does alone.
    expect(of('market 15 % down')).toEqual([-0.1, -0.1, -0.15]);
    expect(of('cluster large up')).toEqual([0.1, 0.1, 0]);
    expect(of('ETH alone down')).toEqual([0, -0.1, 0]);
    expect(of('SOL alone up')).toEqual([0, 0, 0.19]);
    expect(of('joint hour 1')).toEqual([-0.072, -0.103, -0.214]);
    expect(of('joint hour 1 reversed')).toEqual([0.072, 0.103, 0.214]);
  });

  it('takes a market of which nothing is known as far as the market goes, and by a tenth alone', () => {
    const scenarios = buildScenarios({ ...input, worstHour: {} });
    const of = (name: string) => scenarios.find((scenario) => scenario.name === name)?.shocks;
    expect(of('market 15 % up')).toEqual([0.15, 0.15, 0.15]);
    expect(of('SOL alone up')).toEqual([0, 0, 0.1]);
  });

  it('leaves out joint hours that do not fit and refuses markets that do not', () => {
    const markets = Array.from({ length: 508 }, (_, i) => `M${i}`);
    const worstHour = Object.fromEntries(markets.map((market) => [market, 0.1]));
    const many = { markets, worstHour, clusters: {}, jointHours: [{ M0: 0.5 }, { M0: 0.4 }] };
    expect(buildScenarios(many)).toHaveLength(1024);
    expect(() => buildScenarios({ ...many, clusters: { a: ['M0'], b: ['M1'] } })).toThrow(/need 1026/);
    expect(() => buildScenarios({ ...input, worstHour: { BTC: NaN } })).toThrow(/worstHour\.BTC/);
  });
});

describe('a model like another', () => {
  it('is the model made anew, and has the other’s arrays where markets and scenarios are the same lists', () => {
    const covariance = Array.from(PARAMETERS.covariance, (value) => 2 * value);
    const changed = { ...PARAMETERS, covariance, absorbable: null };
    const like = portfolioModel(changed, MODEL);
    expect(like).toEqual(portfolioModel(changed));
    expect(like.shocks).toBe(MODEL.shocks);
    const { markets, scenarios } = PARAMETERS;
    const other = { ...changed, markets: [...markets], scenarios: scenarios.slice(1) };
    expect(portfolioModel(other, MODEL)).toEqual(portfolioModel(other));
  });
});

describe('PortfolioBook', () => {
  it('finds the accounts that marginTerms finds', () => {
    const position = (market: string) =>
      fc.record({
        market: fc.constant(market),
        size: fc.integer({ min: -40, max: 40 }),
        entryNotional: fc.integer({ min: -4000, max: 4000 }),
        fundingIndex: fc.integer({ min: -3, max: 3 }),
      });
    const account = fc.record({
      cash: fc.integer({ min: -500, max: 2000 }),
      positions: fc.tuple(position('BTC'), position('ETH'), position('SOL')),
    });
    const small = portfolioModel({ ...PARAMETERS, absorbable: 5000 });
    fc.assert(
      fc.property(
        fc.array(account, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 50, max: 150 }),
        (accounts, mark) => {
          const columns = new PortfolioBook(small);
          accounts.forEach(({ cash, positions }, i) => {
            columns.set(`a${i}`, cash, positions);
          });
          for (const { market } of PARAMETERS.markets) columns.setMark(market, mark);
          columns.setFundingIndex('ETH', 2);
          const found = new Map(columns.underMargined().map((one) => [one.account, one]));
          accounts.forEach(({ cash, positions }, i) => {
            const equity = positions.reduce(
              (sum, p) =>
                sum + p.size * (mark - (p.market === 'ETH' ? 2 : 0) + p.fundingIndex) - p.entryNotional,
              cash,
            );
            const x = positions.map(({ market, size }) => ({ market, notional: size * mark }));
            const due = marginTerms(small, x, 'maintenance').total;
            if (Math.abs(equity - due) < 1e-9) return;
            const one = found.get(`a${i}`);
            expect(one !== undefined).toBe(equity < due);
            if (one) expect(one.maintenanceMargin).toBeCloseTo(due, 8);
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('finds through any sequence of ticks, funding and changes whom a new book finds', () => {
    const position = (market: string) =>
      fc.record({
        market: fc.constant(market),
        size: fc.integer({ min: -40, max: 40 }),
        entryNotional: fc.integer({ min: -4000, max: 4000 }),
        fundingIndex: fc.constant(0),
      });
    // Positions in some of the markets: marks of the others do not concern the account.
    const account = fc.record({
      cash: fc.integer({ min: 0, max: 3000 }),
      positions: fc.subarray(['BTC', 'ETH', 'SOL']).chain((markets) => fc.tuple(...markets.map(position))),
    });
    const market = fc.constantFrom('BTC', 'ETH', 'SOL');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('tick' as const), market, permille: fc.integer({ min: -30, max: 30 }) }),
      fc.record({ kind: fc.constant('tick' as const), market, permille: fc.integer({ min: -2, max: 2 }) }),
      fc.record({ kind: fc.constant('fund' as const), market, index: fc.integer({ min: -100, max: 100 }) }),
      fc.record({ kind: fc.constant('set' as const), at: fc.nat(19), account }),
      fc.record({
        kind: fc.constant('cash' as const),
        at: fc.nat(19),
        cash: fc.integer({ min: 0, max: 3000 }),
      }),
      fc.record({
        kind: fc.constant('model' as const),
        percent: fc.integer({ min: 50, max: 2000 }),
        absorbable: fc.integer({ min: 1000, max: 100_000 }),
      }),
    );
    let skipped = 0;
    fc.assert(
      fc.property(
        fc.array(account, { minLength: 20, maxLength: 20 }),
        fc.array(step, { maxLength: 60 }),
        (accounts, steps) => {
          const held = [...accounts];
          const marks = new Map([...['BTC', 'ETH', 'SOL']].map((name) => [name, 100]));
          const indices = new Map<string, number>();
          let model = MODEL;
          const fill = (book: PortfolioBook) => {
            for (const [name, mark] of marks) book.setMark(name, mark);
            for (const [name, index] of indices) book.setFundingIndex(name, index);
            held.forEach(({ cash, positions }, i) => {
              book.set(`a${i}`, cash, positions);
            });
            return book;
          };
          const kept = fill(new PortfolioBook(model));
          for (const one of steps) {
            if (one.kind === 'tick') {
              const mark = marks.get(one.market)! * (1 + one.permille / 1000);
              marks.set(one.market, mark);
              kept.setMark(one.market, mark);
            } else if (one.kind === 'fund') {
              indices.set(one.market, one.index / 100);
              kept.setFundingIndex(one.market, one.index / 100);
            } else if (one.kind === 'cash') {
              held[one.at] = { ...held[one.at], cash: one.cash };
              kept.setCash(`a${one.at}`, one.cash);
            } else if (one.kind === 'model') {
              const covariance = Array.from(PARAMETERS.covariance, (value) => (value * one.percent) / 100);
              model = portfolioModel({ ...PARAMETERS, covariance, absorbable: one.absorbable }, model);
              kept.setModel(model);
            } else {
              held[one.at] = one.account;
              kept.set(`a${one.at}`, one.account.cash, one.account.positions);
            }
            const found = kept.underMargined();
            expect(found).toEqual(fill(new PortfolioBook(model)).underMargined());
            if (found.length < 20) skipped++;
          }
        },
      ),
      { numRuns: 100 },
    );
    expect(skipped).toBeGreaterThan(100);
  });

  it('says nothing of an account in a market without a mark and refuses a market without parameters', () => {
    const columns = new PortfolioBook(MODEL);
    columns.set('a', -1000, [{ market: 'BTC', size: 1, entryNotional: 100, fundingIndex: 0 }]);
    expect(columns.underMargined()).toEqual([]);
    columns.setMark('BTC', 100);
    expect(columns.underMargined()).toHaveLength(1);
    expect(() => {
      columns.set('b', 0, [{ market: 'DOGE', size: 1, entryNotional: 1, fundingIndex: 0 }]);
    }).toThrow(/no margin parameters/);
    expect(() => {
      columns.setMark('BTC', 0);
    }).toThrow(/BTC\.price/);
  });
});
