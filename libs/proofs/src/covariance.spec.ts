import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  COVARIANCE_TOLERANCES,
  type CovarianceInput,
  covarianceStatement,
  dequantise,
  EngineProver,
  fromFelt,
  type ProofDocument,
  toFelt,
} from './index.js';

/** Lehmer's generator: the same clusters everywhere. */
function uniforms(seed: number): () => number {
  let state = (seed * 48271 + 1) % 2147483647;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

function cluster(seed: number, n: number): CovarianceInput {
  const random = uniforms(seed);
  const row = (low: number, high: number) => Array.from({ length: n }, () => low + (high - low) * random());
  // Dominated by the diagonal, so that no factor is out of all proportion.
  const loadings = Array.from({ length: n }, (_, i) =>
    row(-2, 2).map((value, k) => (i === k ? 6 + value : value / 4)),
  );
  return {
    loadings,
    omega: row(0.02, 0.2),
    alpha: row(0, 0.3),
    beta: row(0.5, 0.95),
    intercept: row(0, 20),
    slope: row(1, 30),
    variances: row(0.2, 4),
    returns: row(-6, 6),
    exposures: row(-1, 1),
    salts: [seed + 0.25, seed + 0.5, seed + 0.75, seed + 1],
  };
}

/** What the circuit does, with integers: products rescaled by 2^24 to the nearest. */
function residuals(input: CovarianceInput): Record<keyof typeof COVARIANCE_TOLERANCES, number> {
  const rescaled = (value: bigint) => (value + (value < 0n ? -(2n ** 23n) : 2n ** 23n)) / 2n ** 24n;
  const [model, h, next, v, witness, x] = covarianceStatement.inputs(input);
  const part = (i: number) => model.slice(64 + 8 * i, 72 + 8 * i);
  const [omega, alpha, beta, a, b] = [0, 1, 2, 3, 4].map(part);
  const worst = { variance: 0, root: 0, risk: 0 };
  const take = (name: keyof typeof worst, value: bigint) => {
    worst[name] = Math.max(worst[name], Math.abs(dequantise(value)));
  };
  for (let k = 0; k < 8; k++) {
    const [f, s] = [witness[k], witness[8 + k]];
    take('variance', next[k] - (omega[k] + rescaled(alpha[k] * rescaled(f * f)) + rescaled(beta[k] * h[k])));
    take('root', rescaled(s * s) - (a[k] + rescaled(b[k] * next[k])));
    const projected = rescaled(x.reduce((sum, value, i) => sum + value * model[8 * i + k], 0n));
    take('risk', v[k] - rescaled(s * projected));
  }
  return worst;
}

describe('the covariance statement', () => {
  it('has witnesses whose residuals are within the tolerances, for 10,000 clusters', () => {
    for (let seed = 1; seed <= 10_000; seed++) {
      const found = residuals(cluster(seed, 1 + (seed % 8)));
      for (const name of ['variance', 'root', 'risk'] as const) {
        expect(found[name], `${name}, cluster ${seed}`).toBeLessThanOrEqual(COVARIANCE_TOLERANCES[name]);
      }
    }
  });

  it('refuses what is no cluster, and what the tolerances are not made for', () => {
    const given = cluster(1, 3);
    expect(() => covarianceStatement.inputs({ ...given, omega: [1] })).toThrow(/omega/);
    expect(() => covarianceStatement.inputs({ ...given, alpha: [2, 0, 0] })).toThrow(/alpha\[0\]/);
    expect(() => covarianceStatement.inputs({ ...given, slope: [1e4, 1, 1] })).toThrow(/slope\[0\]/);
    expect(() => covarianceStatement.inputs({ ...given, returns: [1e9, 0, 0] })).toThrow(/factors/);
    expect(() => covarianceStatement.parse({ ...given, extra: 1 })).toThrow(/input/);
  });

  it('holds only within each of its tolerances', () => {
    const zeros = new Array<number>(8).fill(0);
    const values = (change: object) =>
      ({ residuals: { variance: zeros, root: zeros, risk: zeros, ...change } }) as unknown as Parameters<
        typeof covarianceStatement.failures
      >[0];
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
  const first = cluster(7, 3);
  let folder: string;
  let prover: EngineProver;
  let document: ProofDocument;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'zkrisk-keys-'));
    prover = new EngineProver({ keys: folder });
    document = await prover.prove(covarianceStatement, first);
  }, 300_000);
  afterAll(async () => {
    await prover.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('says what float64 says: price changes, horizon variances, exposures; padding adds nothing', async () => {
    const { failures, values } = await prover.verify(covarianceStatement, document);
    expect(failures).toEqual([]);
    const [, , next] = covarianceStatement.inputs(first);
    const d = first.intercept.map((a, k) => a + first.slope[k] * dequantise(next[k]));
    first.loadings.forEach((row, i) => {
      const variance = row.reduce((sum, z, k) => sum + z * z * d[k], 0);
      expect(Math.abs(values!.horizonVariances[i] / variance - 1)).toBeLessThan(1e-6);
      expect(Math.abs(values!.changes[i] - 100 * Math.expm1(first.returns[i] / 100))).toBeLessThan(1e-5);
      expect(Math.abs(values!.exposures[i] - first.exposures[i])).toBeLessThanOrEqual(2 ** -25);
    });
    expect([...values!.changes.slice(3), ...values!.exposures.slice(3)].every((value) => value === 0)).toBe(
      true,
    );
    expect(values!.horizonVariances.slice(3).every((value) => value === 0)).toBe(true);
  });

  it('commits to the state it ends in as the next bar’s proof commits to the state it begins with', async () => {
    const { values } = await prover.verify(covarianceStatement, document);
    const [model, , after, risk] = covarianceStatement.inputs(first);
    const next = covarianceStatement.inputs({
      ...first,
      variances: after.slice(0, 3).map(dequantise),
      salts: [first.salts[0], first.salts[2], 11.5, 12.5],
    });
    expect(await prover.commit(next[1])).toBe(values!.commitments.nextState);
    expect(await prover.commit(next[0])).toBe(values!.commitments.model);
    expect(await prover.commit(model)).toBe(values!.commitments.model);
    expect(await prover.commit(risk)).toBe(values!.commitments.risk);
    expect(await prover.commit(risk.with(8, risk[8] + 1n))).not.toBe(values!.commitments.risk);
  });

  it('does not verify with any public value changed by one unit', async () => {
    for (let i = 0; i < document.instances.length; i++) {
      const instances = [...document.instances];
      instances[i] = toFelt(fromFelt(instances[i], 'x') + 1n);
      expect(
        (await prover.verify(covarianceStatement, { ...document, instances })).holds,
        `instance ${i}`,
      ).toBe(false);
    }
  }, 300_000);
});
