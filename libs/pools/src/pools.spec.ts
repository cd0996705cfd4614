// Long because every property is asked of every rule and every kind of fee.
import { describe, expect, it } from 'vitest';
import { generator } from '#lib/runtime';
import {
  type AbstractPool,
  AntiMomentumPool,
  BalancerPool,
  bestOfAll,
  bestPair,
  guardVelocity,
  guardWeights,
  HodlPool,
  MeanReversionPool,
  MinimumVariancePool,
  MomentumPool,
  PoolBatch,
  poolMetrics,
  type PoolParameters,
  poolNamed,
  pricePath,
  type PricePath,
  RULES,
  simulate,
  train,
  valuesOf,
} from './index.js';

const WEIGHTS = [0.5, 0.3, 0.2];

/** Prices of n assets that walk about. */
function walk(rows: number, seed: number, assets = 3, volatility = 0.01): PricePath {
  const draw = generator(seed);
  return pricePath(
    Array.from({ length: assets }, (_, i) => {
      let price = 10 ** (3 - i);
      return Array.from({ length: rows }, () => {
        const normal = Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
        return (price *= Math.exp(volatility * normal));
      });
    }),
  );
}

const POOLS: readonly AbstractPool[] = [
  new BalancerPool(),
  new MomentumPool(),
  new AntiMomentumPool(),
  new MeanReversionPool(),
  new MinimumVariancePool(),
];

describe('arbitrage', () => {
  it('leaves none: after the optimum, with or without fees, no trade pays', () => {
    const draw = generator(3);
    for (let round = 0; round < 2000; round++) {
      const n = 2 + Math.floor(7 * draw());
      const [reserves, prices, weights] = [0, 1, 2].map(() =>
        Float64Array.from({ length: n }, () => Math.exp(4 * draw() - 2)),
      );
      guardWeights(weights, 0.5 / n);
      const gamma = round % 4 === 0 ? 1 : 1 - 0.05 * draw();
      const changes = new Float64Array(n);
      const profit = bestOfAll(reserves, weights, prices, gamma, changes);
      const value = reserves.reduce((sum, reserve, i) => sum + reserve * prices[i], 0);
      // The invariant of the reserves, the fee aside, is kept.
      let kept = 0;
      changes.forEach((change, i) => {
        kept += weights[i] * Math.log(1 + ((change > 0 ? gamma : 1) * change) / reserves[i]);
      });
      expect(Math.abs(kept)).toBeLessThan(1e-13);
      const single = new Float64Array(n);
      expect(profit).toBeGreaterThanOrEqual(
        bestPair(reserves, weights, prices, gamma, single) - 1e-12 * value,
      );
      // Where only the fee is left, the fee is left out: prices are within it, and nothing pays.
      const after = reserves.map((reserve, i) => reserve + (changes[i] > 0 ? gamma : 1) * changes[i]);
      for (const arbitrage of [bestOfAll, bestPair])
        expect(arbitrage(after, weights, prices, gamma, single)).toBeLessThan(1e-12 * value);
      expect(after.every((reserve) => reserve > 0)).toBe(true);
    }
  });

  it('is the best trade there is: every other that keeps the invariant pays less', () => {
    const draw = generator(5);
    for (let round = 0; round < 200; round++) {
      const n = 3 + (round % 3);
      const [reserves, prices, weights] = [0, 1, 2].map(() =>
        Float64Array.from({ length: n }, () => Math.exp(2 * draw() - 1)),
      );
      guardWeights(weights, 0.1);
      const gamma = 0.99;
      const changes = new Float64Array(n);
      const profit = bestOfAll(reserves, weights, prices, gamma, changes);
      for (let other = 0; other < 50; other++) {
        // Anything for all tokens but one, and of the last one the amount that keeps the invariant.
        const effective = reserves.map((reserve) => reserve * Math.exp(0.4 * (draw() - 0.5)));
        let log = 0;
        for (let i = 1; i < n; i++) log += weights[i] * Math.log(effective[i] / reserves[i]);
        effective[0] = reserves[0] * Math.exp(-log / weights[0]);
        const gain = -effective.reduce((sum, value, i) => {
          const change = value - reserves[i];
          return sum + prices[i] * (change > 0 ? change / gamma : change);
        }, 0);
        expect(gain).toBeLessThanOrEqual(profit + 1e-12);
      }
    }
  });
});

describe('pools', () => {
  it('without fees are always at the market’s prices, whatever the rule', () => {
    const prices = walk(400, 1);
    for (const pool of POOLS) {
      const parameters = pool.initBaseParameters({ assets: 3, initialWeights: WEIGHTS });
      const run = pool.calculateReservesZeroFees({ prices, parameters, initialValue: 1e6 });
      const weights = pool.weights(prices, parameters, 1)(0);
      const values = valuesOf(run, prices);
      for (let t = 0; t < run.rows; t++)
        for (let i = 0; i < 3; i++) {
          const share = (run.reserves[3 * t + i] * prices.values[3 * t + i]) / values[t];
          expect(Math.abs(share - weights[weights.length === 3 ? i : 3 * t + i])).toBeLessThan(1e-12);
        }
    }
  });

  it('without fees are what the formulas say, for any number of tokens and however far things move', () => {
    for (let n = 2; n <= 8; n++) {
      // Steps both sides of where short sums end, over blocks of rows and an odd rest.
      const rows = 1030 + n;
      const prices = walk(rows, 20 + n, n, n % 2 === 0 ? 0.003 : 0.1);
      const initialWeights = Array.from({ length: n }, (_, i) => (2 * (i + 1)) / (n * (n + 1)));
      const terms = { updateEvery: 1, interpolateOver: 1, fastest: 1, minimumWeight: 0.01 };
      for (const pool of [new BalancerPool(), new MomentumPool(), new MinimumVariancePool(terms)]) {
        const parameters = pool.initBaseParameters({ assets: n, initialWeights });
        const run = pool.calculateReservesZeroFees({ prices, parameters, initialValue: 1e6 });
        const weights = pool.weights(prices, parameters, 1)(0);
        const weight = (t: number, i: number) => weights[weights.length === n ? i : t * n + i];
        const expected = new Float64Array(rows * n);
        let log = Math.log(1e6);
        for (let t = 0; t < rows; t++) {
          for (let i = 0; t > 0 && i < n; i++) {
            log += weight(t - 1, i) * Math.log(prices.values[t * n + i] / prices.values[(t - 1) * n + i]);
            log -= weight(t, i) * Math.log(weight(t, i) / weight(t - 1, i));
          }
          for (let i = 0; i < n; i++)
            expected[t * n + i] = (weight(t, i) * Math.exp(log)) / prices.values[t * n + i];
        }
        const apart = run.reserves.map((reserve, at) => Math.abs(reserve / expected[at] - 1));
        expect(Math.max(...apart)).toBeLessThan(1e-12);
      }
    }
  });

  it('without fees are the same to the last bit alone and beside others', () => {
    const prices = walk(700, 21);
    const pool = new MomentumPool();
    const parameters = pool.initBaseParameters({ assets: 3, sets: 35, spread: 1, seed: 4 });
    const input = { prices, parameters, initialValue: 1e6 };
    const together = pool.calculateReservesZeroFees(input).reserves;
    for (const set of [0, 15, 16, 34]) {
      const own = { ...parameters, k: parameters.k[set], memoryDays: parameters.memoryDays[set] };
      const alone = pool.calculateReservesZeroFees({ ...input, parameters: own as PoolParameters });
      expect(alone.reserves).toEqual(together.slice(set * 2100, (set + 1) * 2100));
    }
  });

  it('without fees come to what trading with no fee comes to', () => {
    const prices = walk(300, 2);
    for (const pool of POOLS) {
      const parameters = pool.initBaseParameters({ assets: 3, initialWeights: WEIGHTS });
      const input = { prices, parameters, initialValue: 1e6 };
      const free = pool.calculateReservesZeroFees(input);
      const traded = pool.calculateReservesWithFees(input, { fees: 0, signatures: 'all' });
      free.reserves.forEach((reserve, at) => {
        expect(Math.abs(traded.reserves[at] / reserve - 1)).toBeLessThan(1e-10);
      });
    }
  });

  it('of constant weights, without fees, forget the way', () => {
    const pool = new BalancerPool();
    const parameters = { initialWeights: WEIGHTS };
    const [one, other] = [walk(200, 3), walk(200, 4)];
    for (const at of [0, 1, 2, 597, 598, 599]) other.values[at] = one.values[at];
    const [a, b] = [one, other].map((prices) =>
      pool.calculateReservesZeroFees({ prices, parameters, initialValue: 1e6 }),
    );
    for (let i = 597; i < 600; i++) expect(Math.abs(a.reserves[i] / b.reserves[i] - 1)).toBeLessThan(1e-13);
  });

  it('are worth no more than holding, times what fees have grown it by, times what hides within the fee', () => {
    const prices = walk(2000, 6);
    const pool = new BalancerPool();
    const fees = 0.003;
    const input = { prices, parameters: { initialWeights: WEIGHTS }, initialValue: 1e6 };
    const run = pool.calculateReservesWithFees(input, { fees });
    const values = valuesOf(run, prices);
    // Prices within the fee of the market's: the pool is worth more than its invariant says by Specht's ratio at most.
    const ratio = 1 / (1 - fees);
    const power = ratio ** (1 / (ratio - 1));
    const specht = power / (Math.E * Math.log(power));
    let grown = 0;
    for (let t = 0; t < run.rows; t++) {
      let held = 0;
      for (let i = 0; i < 3; i++) {
        const change = t === 0 ? 0 : run.reserves[3 * t + i] - run.reserves[3 * (t - 1) + i];
        if (change > 0) grown += (WEIGHTS[i] * fees * change) / (run.reserves[3 * t + i] - fees * change);
        held += run.reserves[i] * prices.values[3 * t + i];
      }
      expect(values[t]).toBeLessThanOrEqual(held * Math.exp(grown) * specht * (1 + 1e-12));
    }
    expect(grown).toBeGreaterThan(0.001);
  });

  it('lose in an arbitrage at least what makes it worth its while', () => {
    const prices = walk(2000, 7);
    const [gas, arbitrageFees] = [5, 0.001];
    for (const pool of [new BalancerPool(), new MomentumPool({ fastest: 1e-9 })]) {
      const parameters = pool.initBaseParameters({ assets: 3, initialWeights: WEIGHTS });
      const input = { prices, parameters, initialValue: 1e6 };
      const run = pool.calculateReservesWithFees(input, { fees: 0.003, gas, arbitrageFees });
      let trades = 0;
      for (let t = 1; t < run.rows; t++) {
        let [before, after, volume] = [0, 0, 0];
        for (let i = 0; i < 3; i++) {
          const [old, now, price] = [
            run.reserves[3 * t - 3 + i],
            run.reserves[3 * t + i],
            prices.values[3 * t + i],
          ];
          before += old * price;
          after += now * price;
          volume += Math.abs(now - old) * price;
        }
        if (volume === 0) continue;
        trades++;
        expect(after).toBeLessThanOrEqual(before - gas - 0.5 * arbitrageFees * volume + 1e-6);
      }
      expect(trades).toBeGreaterThan(100);
      expect(run.reserves.every((reserve) => reserve > 0)).toBe(true);
    }
  });

  it('know nothing of the future', () => {
    const prices = walk(480, 8);
    for (const pool of POOLS) {
      const parameters = pool.initBaseParameters({ assets: 3, initialWeights: WEIGHTS });
      const past = pool.calculateReservesWithFees({ prices, parameters, initialValue: 1e6 }, { fees: 0.003 });
      for (const row of [24, 25, 100, 240, 479]) {
        const shifted = {
          ...prices,
          values: prices.values.map((p, at) => (at >= row * 3 ? p * (2 + (at % 3)) : p)),
        };
        const run = pool.calculateReservesWithFees(
          { prices: shifted, parameters, initialValue: 1e6 },
          { fees: 0.003 },
        );
        expect(run.reserves.subarray(0, row * 3)).toEqual(past.reserves.subarray(0, row * 3));
        // Nor does the weight of a row know the row's own price.
        const weights = (path: PricePath) => pool.weights(path, parameters, 1)(0);
        const rows = Math.min(weights(prices).length, (row + 1) * 3);
        expect(weights(shifted).subarray(0, rows)).toEqual(weights(prices).subarray(0, rows));
      }
    }
  });

  it('that nobody trades with keep what they have', () => {
    const prices = walk(50, 9);
    const pool = new HodlPool();
    const run = pool.calculateReservesZeroFees({
      ...{ prices, parameters: { initialWeights: WEIGHTS }, initialReserves: [1, 2, 3] },
    });
    for (let t = 0; t < 50; t++) expect([...run.reserves.subarray(3 * t, 3 * t + 3)]).toEqual([1, 2, 3]);
    expect(poolMetrics(run, prices, 1).returnOverHodl).toBe(0);
    expect(poolMetrics(run, prices, 1).lossVersusRebalancing).toBeCloseTo(0, 12);
  });

  it('run many sets in one call, and in threads, to the last bit', async () => {
    const prices = walk(300, 10);
    const pool = new MomentumPool();
    const parameters = pool.initBaseParameters({ assets: 3, sets: 9, spread: 1, seed: 4 });
    expect(pool.parameterAxes(parameters)).toEqual({
      initialWeights: 'shared',
      memoryDays: 'sets',
      k: 'sets',
    });
    const batch = new PoolBatch(2);
    try {
      for (const costs of [undefined, { fees: 0.003 }]) {
        const simulation = {
          pool: 'momentum',
          prices,
          parameters,
          initialValue: 1e6,
          ...(costs && { costs }),
        };
        const together = simulate(simulation);
        const parallel = await batch.run(simulation);
        expect(parallel.reserves).toEqual(together.reserves);
        expect(parallel.fees).toEqual(together.fees);
        for (let set = 0; set < 9; set++) {
          const own = Object.fromEntries(
            Object.entries(parameters).map(([name, value]) => [
              name,
              Array.isArray(value[0]) ? value[set] : value,
            ]),
          ) as PoolParameters;
          const alone = simulate({ ...simulation, parameters: own });
          expect(alone.reserves).toEqual(together.reserves.slice(set * 900, (set + 1) * 900));
        }
      }
    } finally {
      await batch.close();
    }
  });

  it('are trained on what is given, and judged by the rest', () => {
    const prices = walk(1200, 11);
    const simulation = {
      ...{ pool: 'momentum', prices, initialValue: 1e6, costs: { fees: 0.003 } },
      parameters: new MomentumPool().initBaseParameters({ assets: 3, initialWeights: WEIGHTS }),
    };
    const training = { simulation, trainRows: 800, objective: 'return', rounds: 8 } as const;
    const trained = train(training);
    const first = { rows: 800, assets: 3, values: prices.values.subarray(0, 2400) };
    const untrained = poolMetrics(simulate({ ...simulation, prices: first }), first, 1);
    expect(trained.training.return).toBeGreaterThan(untrained.return);
    expect(trained.evaluations).toBeGreaterThan(20);
    // Another future: the same parameters, another judgement.
    const future = { ...prices, values: prices.values.map((p, at) => (at >= 2400 ? p * (1 + (at % 3)) : p)) };
    const again = train({ ...training, simulation: { ...simulation, prices: future } });
    expect(again.parameters).toEqual(trained.parameters);
    expect(again.training).toEqual(trained.training);
    expect(again.heldOut.return).not.toBe(trained.heldOut.return);
    const whole = poolMetrics(simulate({ ...simulation, parameters: trained.parameters }), prices, 1);
    expect((1 + trained.training.return) * (1 + trained.heldOut.return)).not.toBeCloseTo(1, 6);
    expect(trained.training.fees + trained.heldOut.fees).toBeCloseTo(whole.fees, 6);
  });
});

describe('rules', () => {
  it('that change weights keep their sum, and leave alone what has no k', () => {
    const draw = generator(12);
    for (const rule of RULES.filter(({ says }) => says === 'change')) {
      for (let round = 0; round < 200; round++) {
        const n = 2 + (round % 7);
        const estimates = Float64Array.from({ length: n }, () => 0.02 * (draw() - 0.5));
        const parameters = Object.fromEntries(
          Object.entries(rule.parameters).map(([name, { default: value }]) => [
            name,
            Float64Array.from({ length: n }, (_, i) =>
              name === 'k' && i === 0 ? 0 : value * (0.5 + draw()),
            ),
          ]),
        );
        const out = new Float64Array(n);
        rule.apply({ estimates, parameters }, out);
        expect(Math.abs(out.reduce((sum, change) => sum + change, 0))).toBeLessThan(1e-12);
        expect(Math.abs(out[0])).toBe(0);
      }
    }
  });
});

describe('guard rails of weights', () => {
  it('hold for any targets', () => {
    const draw = generator(13);
    for (let round = 0; round < 5000; round++) {
      const n = 2 + (round % 7);
      const minimum = (draw() * 0.99) / n;
      const from = Float64Array.from({ length: n }, () => draw() + 1e-3);
      const to = Float64Array.from({ length: n }, () => 3 * draw() - (round % 2));
      to[0] += n;
      for (const weights of [from, to]) {
        guardWeights(weights, minimum);
        expect(Math.abs(weights.reduce((sum, weight) => sum + weight, 0) - 1)).toBeLessThan(1e-15 * n);
        for (const weight of weights) {
          expect(weight).toBeGreaterThanOrEqual(minimum * (1 - 1e-12));
          expect(weight).toBeLessThanOrEqual(1 - (n - 1) * minimum + 1e-12);
        }
      }
      const steps = new Float64Array(n);
      const fastest = 0.01 * draw();
      guardVelocity(from, to, 10, fastest, steps);
      expect(Math.max(...steps.map(Math.abs))).toBeLessThanOrEqual(fastest);
      // All slowed alike.
      const largest = steps.reduce((best, step, i) => (Math.abs(step) > Math.abs(steps[best]) ? i : best), 0);
      steps.forEach((step, i) => {
        const [one, other] = [step * (to[largest] - from[largest]), steps[largest] * (to[i] - from[i])];
        expect(Math.abs(one - other)).toBeLessThan(1e-15);
      });
    }
  });
});

describe('what cannot be simulated', () => {
  const prices = walk(100, 14);
  const pool = new MomentumPool();
  const parameters = pool.initBaseParameters({ assets: 3 });
  const run = (change: object, costs = { fees: 0.003 }) =>
    pool.calculateReservesWithFees({ prices, parameters, initialValue: 1e6, ...change }, costs);

  it.each<[RegExp, () => unknown]>([
    [/prices: a pool holds 2 to 8 assets, not 1/, () => pricePath([[1, 2]])],
    [/prices\[1\]: has 1 rows/, () => pricePath([[1, 2], [1]])],
    [
      /prices\[1\]\[1\]: must be a positive number, got 0/,
      () =>
        pricePath([
          [1, 2],
          [1, 0],
        ]),
    ],
    [/parameters\.k: is missing/, () => run({ parameters: { ...parameters, k: undefined } as never })],
    [/parameters\.q: is no parameter of momentum/, () => run({ parameters: { ...parameters, q: [1] } })],
    [/parameters\.k: must have 3 values/, () => run({ parameters: { ...parameters, k: [1, 2] } })],
    [
      /parameters\.k\[1\]: is out of its domain: -1/,
      () => run({ parameters: { ...parameters, k: [1, -1, 1] } }),
    ],
    [
      /initialWeights: of set 0 must sum to 1/,
      () => run({ parameters: { ...parameters, initialWeights: [0.5, 0.5, 0.5] } }),
    ],
    [
      /has 2 sets, memoryDays has 3/,
      () =>
        run({
          parameters: {
            ...parameters,
            memoryDays: [
              [1, 1, 1],
              [1, 1, 1],
              [1, 1, 1],
            ],
            k: [
              [1, 1, 1],
              [1, 1, 1],
            ],
          },
        }),
    ],
    [/fees: must be 0 or more and below 1, got 1/, () => run({}, { fees: 1 })],
    [/initialValue: or initialReserves must be given/, () => run({ initialReserves: [1, 1, 1] })],
    [/arbFrequency: must be a whole number/, () => run({ arbFrequency: 0 })],
    [/output: must have 1 × 100 × 3 elements/, () => run({ output: new Float64Array(3) })],
    [
      /minimumWeight: must be in/,
      () => new MomentumPool({ minimumWeight: 0.5 }).weights(prices, parameters, 1),
    ],
    [
      /interpolateOver: must be a whole number of rows from 1 to 24/,
      () => new MomentumPool({ interpolateOver: 25 }).weights(prices, parameters, 1),
    ],
    [/pool: must be one of balancer/, () => poolNamed('nothing')],
    [
      /trades\[0\]\.row: must be one of 100 rows/,
      () =>
        pool.calculateReservesWithDynamicInputs(
          { prices, parameters, initialValue: 1 },
          { fees: new Float64Array(100), trades: [{ row: 100, tokenIn: 0, tokenOut: 1, amountIn: 1 }] },
        ),
    ],
    [
      /fees: has 10 rows, 100 are acted on/,
      () =>
        pool.calculateReservesWithDynamicInputs(
          { prices, parameters, initialValue: 1 },
          { fees: new Float64Array(10) },
        ),
    ],
    [
      /trainRows: must leave 48 rows/,
      () =>
        train({
          simulation: { pool: 'momentum', prices, parameters, initialValue: 1 },
          ...{ trainRows: 90, objective: 'return', rounds: 1 },
        }),
    ],
    [
      /balancer has nothing to train/,
      () =>
        train({
          simulation: { pool: 'balancer', prices, parameters: { initialWeights: WEIGHTS }, initialValue: 1 },
          ...{ trainRows: 50, objective: 'return', rounds: 1 },
        }),
    ],
  ])('%s', (message, call) => {
    expect(call).toThrow(message);
  });
});
