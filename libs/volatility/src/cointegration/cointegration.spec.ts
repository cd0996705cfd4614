import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors';
import { describeWithRealData, realDataColumns } from '../../../../test/support/real-data.js';
import { referenceVector, relativeError } from '../../../../test/support/vectors.js';
import { randomStream } from '#lib/runtime';
import {
  augmentedDickeyFuller,
  benjaminiHochberg,
  clusterByCointegration,
  engleGranger,
  johansen,
  mackinnonPValue,
} from './index.js';

interface AdfVector {
  stat: number;
  p: number;
  used_lag: number;
}
interface EngleGrangerVector {
  coint_t: number;
  p: number;
  crit_1_5_10: number[];
  used_lag: number;
}
interface JohansenVector {
  eig: number[];
  trace: number[];
  maxeig: number[];
  trace_crit_90_95_99: number[][];
}

const log = (values: Float64Array) => values.map(Math.log);
const reference = <T>(name: string) => referenceVector<Record<string, T>>('coint_statsmodels.json')[name];

describeWithRealData('statsmodels’ statistics', () => {
  it.each(['n', 'c', 'ct'] as const)('Dickey–Fuller with trend %s and lags by AIC', (trend) => {
    const consumption = log(realDataColumns('us_macro.csv').realcons);
    const expected = reference<AdfVector>(`ADF_lcons_${trend}_aic`);
    const result = augmentedDickeyFuller(consumption, { trend });
    expect(relativeError(result.statistic, expected.stat)).toBeLessThan(1e-6);
    expect(Math.abs(result.pValue - expected.p)).toBeLessThan(1e-4);
    expect(result.usedLag).toBe(expected.used_lag);
  });

  it.each(['n', 'c', 'ct'] as const)('Dickey–Fuller with trend %s and four lags', (trend) => {
    const consumption = log(realDataColumns('us_macro.csv').realcons);
    const expected = reference<AdfVector>(`ADF_lcons_${trend}_lag4`);
    const result = augmentedDickeyFuller(consumption, { trend, maximumLag: 4, lagSelection: 'fixed' });
    expect(relativeError(result.statistic, expected.stat)).toBeLessThan(1e-6);
  });

  it.each([
    ['EG_lcons_lgdp_c_aic', 'us_macro.csv', 'realcons', 'realgdp', true],
    ['EG_danish_lrm_lry_c_aic', 'denmark.csv', 'LRM', 'LRY', false],
    ['EG_danish_ibo_ide_c_aic', 'denmark.csv', 'IBO', 'IDE', false],
  ] as const)('Engle–Granger %s', (name, file, y, x, inLogs) => {
    const columns = realDataColumns(file);
    const [first, second] = [columns[y], columns[x]].map((values) => (inLogs ? log(values) : values));
    const expected = reference<EngleGrangerVector>(name);
    const result = engleGranger(first, second);
    expect(relativeError(result.statistic, expected.coint_t)).toBeLessThan(1e-6);
    expect(Math.abs(result.pValue - expected.p)).toBeLessThan(1e-4);
    expect(result.usedLag).toBe(expected.used_lag);
    result.criticalValues.forEach((value, i) => {
      expect(value).toBeCloseTo(expected.crit_1_5_10[i], 8);
    });
  });

  it.each([-1, 0, 1] as const)('Johansen with deterministic order %s', (order) => {
    const columns = realDataColumns('denmark.csv');
    const expected = reference<JohansenVector>(`danish_johansen_det${order}_k1`);
    const result = johansen([columns.LRM, columns.LRY, columns.IBO, columns.IDE], order, 1);
    expected.trace.forEach((value, r) => {
      expect(relativeError(result.trace[r], value)).toBeLessThan(1e-6);
      expect(relativeError(result.maximumEigenvalue[r], expected.maxeig[r])).toBeLessThan(1e-6);
      expect(relativeError(result.eigenvalues[r], expected.eig[r])).toBeLessThan(1e-6);
      expect(result.traceCriticalValues[r]).toEqual(expected.trace_crit_90_95_99[r]);
    });
  });

  it('MacKinnon’s p-values', () => {
    const expected = reference<Record<string, number>>('mackinnonp');
    for (const [key, p] of Object.entries(expected)) {
      const [variables, trend, statistic] = key.split('_');
      expect(mackinnonPValue(Number(statistic), trend as 'c' | 'ct', Number(variables.slice(1)))).toBeCloseTo(
        p,
        10,
      );
    }
  });
});

describe(benjaminiHochberg, () => {
  it('rejects the example of the 1995 paper', () => {
    const p = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528,
      0.759, 1,
    ];
    expect(benjaminiHochberg(p, 0.05).filter(Boolean).length).toBe(4);
    const shuffled = [1, 0.0001, 0.324];
    expect(benjaminiHochberg(shuffled, 0.05)).toEqual([false, true, false]);
  });
});

/** Random walks of which some share a common trend. */
function walks(groups: readonly number[], length: number, seed: number): Float64Array[] {
  const random = randomStream(seed);
  return groups.flatMap((size) => {
    const trend = new Float64Array(length);
    for (let t = 1; t < length; t++) trend[t] = trend[t - 1] + random.normal();
    return Array.from({ length: size }, (_, i) =>
      trend.map((value) => (1 + 0.2 * i) * value + (size > 1 ? 0.5 * random.normal() : 0)),
    );
  });
}

describe(clusterByCointegration, () => {
  it('finds the groups that share a trend, and describes their rank', () => {
    const { clusters, pairs } = clusterByCointegration(walks([3, 1, 2], 600, 7));
    expect(clusters.map(({ members }) => members)).toEqual([[0, 1, 2], [3], [4, 5]]);
    expect(clusters[0].cointegration?.rank).toBe(2);
    expect(clusters[2].cointegration?.rank).toBe(1);
    expect(clusters[1].cointegration).toBeNull();
    expect(pairs).toHaveLength(15);
  });

  it('puts every asset in exactly one cluster, none above the maximum size, the same each time', () => {
    const series = walks([7, 2], 500, 11);
    const { clusters } = clusterByCointegration(series, { maximumSize: 3 });
    expect(clusters.flatMap(({ members }) => members).sort((a, b) => a - b)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8,
    ]);
    for (const { members } of clusters) expect(members.length).toBeLessThanOrEqual(3);
    expect(clusterByCointegration(series, { maximumSize: 3 })).toEqual(
      clusterByCointegration(series, { maximumSize: 3 }),
    );
  });
});

describe('series that cannot be tested', () => {
  it('are refused: too short, constant, collinear', () => {
    const line = Float64Array.from({ length: 50 }, (_, t) => t + Math.sin(t));
    expect(() => augmentedDickeyFuller(line.subarray(0, 3))).toThrow(InvalidInputError);
    expect(() => engleGranger(line, new Float64Array(50).fill(2))).toThrow(/linear combination/);
    expect(() => johansen([line, line.map((value) => 2 * value)])).toThrow(/collinear/);
    expect(() => johansen([line])).toThrow(/at least two/);
    expect(
      engleGranger(
        line,
        line.map((value) => 3 * value),
      ).statistic,
    ).toBe(-Infinity);
  });
});
