import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomCluster } from '../../../test/support/proof-cases.js';
import { temporaryProver, unprotected } from '../../../test/support/proofs.js';
import { dotProduct, ONE, times } from './fixed-point.js';
import {
  COVARIANCE_TOLERANCES,
  type CovarianceInput,
  covarianceRows,
  covarianceStatement,
  dequantise,
  type ProofDocument,
} from './index.js';

type Residuals = Record<keyof typeof COVARIANCE_TOLERANCES, number>;

/** What the circuit makes of its rows, with integers. */
function residuals(input: CovarianceInput): Residuals {
  const { model, state: h, nextState: next, risk: v, drift: w, witness, exposure: x } = covarianceRows(input);
  const part = (i: number) => model.slice(64 + 8 * i, 72 + 8 * i);
  const [, alpha, beta, slope, marginal] = [0, 1, 2, 3, 4].map(part);
  const horizon = model[104];
  const worst: Residuals = { variance: 0, root: 0, risk: 0, drift: 0 };
  const take = (name: keyof Residuals, value: bigint) => {
    worst[name] = Math.max(worst[name], Math.abs(dequantise(value)));
  };
  for (let k = 0; k < 8; k++) {
    const [f, s] = [witness[k], witness[8 + k]];
    const excess = next[k] - ONE;
    take('variance', next[k] - (ONE + times(alpha[k], times(f, f) - ONE) + times(beta[k], h[k] - ONE)));
    take('root', times(s, s) - (horizon + times(slope[k], excess)));
    const projected = dotProduct(
      x,
      x.map((_, i) => model[8 * i + k]),
    );
    take('risk', v[k] - times(s, projected));
    take('drift', 2n * times(w[k], s) - times(ONE + times(marginal[k], excess), projected));
  }
  return worst;
}

describe('the covariance statement', () => {
  it('has witnesses whose residuals are within the tolerances, for 10,000 clusters', () => {
    for (let seed = 1; seed <= 10_000; seed++) {
      const found = residuals(randomCluster(seed, 1 + (seed % 8)));
      for (const [name, tolerance] of Object.entries(COVARIANCE_TOLERANCES)) {
        expect(found[name as keyof Residuals], `${name}, cluster ${seed}`).toBeLessThanOrEqual(tolerance);
      }
    }
  });

  it('refuses what is no cluster, and what the tolerances are not made for', () => {
    const given = randomCluster(1, 3);
    expect(() => covarianceStatement.inputs({ ...given, mean: [1] })).toThrow(/mean/);
    expect(() => covarianceStatement.inputs({ ...given, alpha: [2, 0, 0] })).toThrow(/alpha\[0\]/);
    expect(() => covarianceStatement.inputs({ ...given, slope: [3e4, 1, 1] })).toThrow(/slope\[0\]/);
    expect(() => covarianceStatement.inputs({ ...given, returns: [1e9, 0, 0] })).toThrow(/factors/);
    expect(() =>
      covarianceStatement.inputs({
        ...given,
        loadings: [
          [1, 1, 1],
          [1, 1, 1],
          [0, 0, 1],
        ],
      }),
    ).toThrow(/full rank/);
    expect(() => covarianceStatement.parse({ ...given, extra: 1 })).toThrow(/input/);
  });

  it('holds only within each of its tolerances', () => {
    const zeros = new Array<number>(8).fill(0);
    const values = (change: object) =>
      ({
        residuals: { variance: zeros, root: zeros, risk: zeros, drift: zeros, ...change },
      }) as unknown as Parameters<typeof covarianceStatement.failures>[0];
    expect(covarianceStatement.failures(values({}))).toEqual([]);
    for (const [name, tolerance] of Object.entries(COVARIANCE_TOLERANCES)) {
      expect(covarianceStatement.failures(values({ [name]: zeros.with(5, -tolerance) }))).toEqual([]);
      expect(
        covarianceStatement.failures(values({ [name]: zeros.with(5, -tolerance - 2 ** -24) })),
      ).toHaveLength(1);
    }
  });
});

describe('a proof of it', () => {
  const first = randomCluster(7, 3);
  const { prover, remove } = temporaryProver();
  let document: ProofDocument;
  beforeAll(async () => {
    document = await prover.prove(covarianceStatement, first);
  }, 300_000);
  afterAll(remove);

  it('says what float64 says: price changes, horizon variances, exposures; padding adds nothing', async () => {
    const { failures, values } = await prover.verify(covarianceStatement, document);
    expect(failures).toEqual([]);
    const next = covarianceRows(first).nextState.map(dequantise);
    const d = first.slope.map((b, k) => first.horizon + b * (next[k] - 1));
    first.loadings.forEach((row, i) => {
      const variance = row.reduce((sum, z, k) => sum + z * z * d[k], 0);
      expect(Math.abs(values!.horizonVariances[i] / variance - 1)).toBeLessThan(1e-6);
      expect(Math.abs(values!.changes[i] - 100 * Math.expm1(first.returns[i] / 100))).toBeLessThan(1e-5);
      expect(Math.abs(values!.exposures[i] - first.exposures[i])).toBeLessThanOrEqual(2 ** -25);
    });
    for (const padding of [values!.changes, values!.exposures, values!.horizonVariances])
      expect(padding.slice(3).every((value) => value === 0)).toBe(true);
  });

  it('commits to the state it ends in as the next bar’s proof commits to the state it begins with', async () => {
    const { values } = await prover.verify(covarianceStatement, document);
    const rows = covarianceRows(first);
    const next = covarianceRows({
      ...first,
      variances: rows.nextState.slice(0, 3).map(dequantise),
      salts: { ...first.salts, state: first.salts.nextState, nextState: 11.5 },
    });
    expect(await prover.commit(next.state)).toBe(values!.commitments.nextState);
    expect(await prover.commit(next.model)).toBe(values!.commitments.model);
    expect(await prover.commit(rows.risk)).toBe(values!.commitments.risk);
    expect(await prover.commit(rows.drift)).toBe(values!.commitments.drift);
    expect(await prover.commit(rows.risk.with(8, rows.risk[8] + 1n))).not.toBe(values!.commitments.risk);
  });

  it('does not verify with any public value changed by one unit', async () => {
    expect(await unprotected(prover, covarianceStatement, document)).toEqual([]);
  }, 300_000);
});
