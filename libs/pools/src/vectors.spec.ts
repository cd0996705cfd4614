import { describe, expect, it } from 'vitest';
import { describeWithRealData, realDataColumns } from '../../../test/support/real-data.js';
import { referenceVector, relativeError } from '../../../test/support/vectors.js';
import {
  AntiMomentumPool,
  BalancerPool,
  decayOfMemory,
  memoryDays,
  MinimumVariancePool,
  MomentumPool,
  pricePath,
  type PricePath,
  priceGradients,
  type PoolRun,
  returnCovariances,
  returnVariances,
  type RulePoolTerms,
} from './index.js';

// Reference numbers of a peer simulator, its invariant compared with a tolerance.

type At = Record<string, number[]>;
interface ReservesFile {
  readonly assets: string[];
  readonly weights: number[];
  readonly row0: number;
  readonly rows: number;
  readonly initial_pool_value: number;
  readonly runs_tolerant: Record<string, { params: FeeParams; at: At; final_value_usd: number }>;
}
interface FeeParams {
  readonly fees?: number;
  readonly gas_cost?: number;
  readonly arb_fees?: number;
  readonly arb_frequency?: number;
  readonly signatures?: 'pair' | 'all' | null;
  readonly noise_trader_ratio?: number;
  readonly protocol_fee_split?: number;
  readonly fees_rule?: string | number;
  readonly gas_rule?: string | number;
  readonly do_arb?: boolean;
  readonly trades?: [number, number, number, number][];
}
interface RuleFile {
  readonly common: { readonly lambda_: number };
  readonly runs: Record<string, RuleRun>;
}
interface RuleRun {
  readonly params: {
    readonly logit_lamb: number[];
    readonly logit_delta_lamb?: number[];
    readonly absolute_k?: number[];
    readonly initial_weights: number[];
  };
  readonly fingerprint: {
    readonly chunk_period: number;
    readonly weight_interpolation_period: number;
    readonly weight_interpolation_method: string;
    readonly maximum_change: number;
    readonly minimum_weight: number;
  };
  readonly fine: At;
  readonly zero_fee_reserves: At;
}

function pathOf(assets: readonly string[], rows: number, row0 = 0): PricePath {
  const columns = realDataColumns('hourly_close_24.csv');
  return pricePath(assets.map((asset) => columns[asset].subarray(row0, row0 + rows)));
}

/** The largest relative difference from the recorded values. */
function worst(at: At, values: Float64Array, assets: number, shift = 0): number {
  let most = 0;
  for (const [row, expected] of Object.entries(at)) {
    const from = (Number(row) + shift) * assets;
    if (from + assets > values.length) continue;
    for (let i = 0; i < assets; i++) most = Math.max(most, relativeError(values[from + i], expected[i]));
  }
  return most;
}

const termsOf = ({ fingerprint: own }: RuleRun): Partial<RulePoolTerms> => ({
  rowHours: 1,
  updateEvery: own.chunk_period,
  interpolateOver: own.weight_interpolation_period,
  interpolation: own.weight_interpolation_method === 'linear' ? 'straight' : 'curved',
  fastest: own.maximum_change,
  minimumWeight: own.minimum_weight,
});
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describeWithRealData('reserves at constant weights, against the peer', () => {
  for (const file of ['reserves_btc_eth_sol.json', 'reserves_two.json']) {
    const vectors = referenceVector<ReservesFile>('pools', file);
    const { assets, weights, rows, row0, initial_pool_value: initialValue } = vectors;
    const prices = pathOf(assets, rows, row0);
    const pool = new BalancerPool();
    const parameters = { initialWeights: weights };
    for (const [name, { params, at, final_value_usd: final }] of Object.entries(vectors.runs_tolerant)) {
      it(`${assets.join('/')} ${name}`, () => {
        const input = { prices, parameters, initialValue, arbFrequency: params.arb_frequency ?? 1 };
        const signatures = params.fees_rule === 0 ? 'all' : (params.signatures ?? 'pair');
        let run: PoolRun;
        if (params.trades !== undefined || params.fees_rule !== undefined) {
          const perRow = (rule: string | number | undefined, changing: (t: number) => number) =>
            Float64Array.from({ length: rows }, (_, t) =>
              typeof rule === 'string' ? changing(t) : (rule ?? 0),
            );
          run = pool.calculateReservesWithDynamicInputs(input, {
            fees: perRow(params.fees_rule, (t) => (Math.floor(t / 100) % 2 === 0 ? 0.003 : 0.01)),
            gas: perRow(params.gas_rule, (t) => (Math.floor(t / 50) % 2 === 0 ? 0 : 5)),
            arbitrageFees: new Float64Array(rows).fill(params.arb_fees ?? 0),
            trades: (params.trades ?? []).map(([row, tokenIn, tokenOut, amountIn]) => ({
              ...{ row, tokenIn, tokenOut, amountIn },
            })),
            arbitrage: params.do_arb ?? true,
            signatures,
          });
        } else if (params.fees === 0) run = pool.calculateReservesZeroFees(input);
        else
          run = pool.calculateReservesWithFees(input, {
            ...{ fees: params.fees!, gas: params.gas_cost, arbitrageFees: params.arb_fees, signatures },
          });
        const error = worst(at, run.reserves, assets.length);
        expect(error).toBeLessThan(params.fees === 0 ? 1e-9 : 1e-6);
        let value = 0;
        const last = prices.rows - 1 - ((prices.rows - 1) % (params.arb_frequency ?? 1));
        for (let i = 0; i < assets.length; i++)
          value += run.reserves[(run.rows - 1) * assets.length + i] * prices.values[last * assets.length + i];
        expect(relativeError(value, final)).toBeLessThan(1e-6);
      });
    }
  }
});

describeWithRealData('weights that follow a rule, against the peer', () => {
  const assets = ['BTC', 'ETH', 'SOL'];
  const cases = [
    ['rules_momentum.json', MomentumPool],
    ['rules_antimomentum.json', AntiMomentumPool],
  ] as const;
  for (const [file, Pool] of cases) {
    const { runs } = referenceVector<RuleFile>('pools', file);
    for (const [name, each] of Object.entries(runs)) {
      if (each.params.absolute_k === undefined) continue;
      it(`${file} ${name}`, () => {
        const prices = pathOf(assets, 2400);
        const pool = new Pool(termsOf(each));
        const stepDays = each.fingerprint.chunk_period / 24;
        const parameters = {
          initialWeights: each.params.initial_weights,
          memoryDays: each.params.logit_lamb.map((logit) => memoryDays(sigmoid(logit), stepDays)),
          k: each.params.absolute_k!,
        };
        const weights = pool.weights(prices, parameters, 1)(0);
        expect(worst(each.fine, weights, 3)).toBeLessThan(1e-9);
        const { reserves } = pool.calculateReservesZeroFees({ prices, parameters, initialValue: 1e6 });
        expect(worst(each.zero_fee_reserves, reserves, 3)).toBeLessThan(1e-9);
      });
    }
  }

  it('minimum variance: the same weights, where ours do not look ahead', () => {
    const { runs } = referenceVector<RuleFile>('pools', 'rules_minvariance.json');
    for (const each of Object.values(runs)) {
      const prices = pathOf(assets, 2400);
      const { chunk_period: chunk } = each.fingerprint;
      const days = (logits: number[]) => logits.map((logit) => memoryDays(sigmoid(logit), chunk / 24));
      const { logit_lamb: decay, logit_delta_lamb: apart } = each.params;
      const pool = new MinimumVariancePool(termsOf(each));
      const weights = pool.weights(
        prices,
        {
          // The peer begins where its first output is.
          initialWeights: [1 / 3, 1 / 3, 1 / 3],
          memoryDays: days(decay),
          weightMemoryDays: days(decay.map((logit, i) => logit + apart![i])),
        },
        1,
      )(0);
      expect(worst(each.fine, weights, 3, chunk)).toBeLessThan(1e-9);
    }
  });

  it('momentum with fees, noise, a protocol share and rarer arbitrage', () => {
    const { runs } = referenceVector<{
      runs: Record<string, { params: FeeParams; at: At; final_value_usd: number }>;
    }>('pools', 'rules_momentum_fees_tolerant.json');
    const prices = pathOf(assets, 2400);
    const pool = new MomentumPool({ updateEvery: 24, interpolateOver: 24, fastest: 3e-4 });
    const parameters = {
      initialWeights: [0.5, 0.3, 0.2],
      memoryDays: [0, 1, 2].map(() => memoryDays(0.9, 1)),
      k: [20, 20, 20],
    };
    for (const [name, { params, at }] of Object.entries(runs)) {
      const run = pool.calculateReservesWithFees(
        { prices, parameters, initialValue: 1e6, arbFrequency: params.arb_frequency },
        {
          ...{ fees: params.fees!, gas: params.gas_cost, arbitrageFees: params.arb_fees },
          ...{ noise: params.noise_trader_ratio, protocolShare: params.protocol_fee_split },
          signatures: 'pair',
        },
      );
      expect(worst(at, run.reserves, 3), name).toBeLessThan(1e-6);
    }
  });
});

describe('estimators, against the peer', () => {
  interface Case {
    readonly lambda_: number[];
    readonly gradients: number[][];
    readonly return_variances: number[][];
  }
  it('gradients, variances and memory', () => {
    const { prices, cases, memory } = referenceVector<{
      prices: number[][];
      cases: Record<string, Case>;
      memory: { memory_days: number; chunk_period: number; lambda_numpy: number }[];
    }>('pools', 'estimators.json');
    const path = pricePath([0, 1].map((i) => prices.map((row) => row[i])));
    for (const { lambda_: decays, gradients, return_variances: variances } of Object.values(cases)) {
      const ours = priceGradients(path, decays);
      gradients.flat().forEach((expected, at) => {
        expect(Math.abs(ours[at] - expected)).toBeLessThan(1e-14);
      });
      const own = returnVariances(path, decays);
      // The peer's first variance is a seed.
      variances
        .slice(1)
        .flat()
        .forEach((expected, at) => {
          expect(relativeError(own[at + 2], expected)).toBeLessThan(1e-12);
        });
      const matrices = returnCovariances(path, decays);
      own.forEach((variance, at) => {
        expect(Math.abs(matrices[Math.floor(at / 2) * 4 + (at % 2) * 3] - variance)).toBeLessThan(1e-15);
      });
    }
    for (const { memory_days: days, chunk_period: minutes, lambda_numpy: decay } of memory) {
      const ours = decayOfMemory(days, minutes / 1440);
      // The peer's loses digits where a step is a minute; ours comes back to the memory it was made of.
      expect(Math.abs(ours - decay)).toBeLessThan(1e-5);
      expect(relativeError(memoryDays(ours, minutes / 1440), days)).toBeLessThan(1e-10);
    }
  });
});
