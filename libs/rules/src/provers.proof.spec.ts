import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineProver, fromFelt, parseProof, type ProofDocument, toFelt } from '#lib/proofs';
import { GRADIENT, K, statement, units, UPDATE, WEIGHTS } from '../../../test/support/momentum-rule.js';

describe('EngineProver', () => {
  let folder: string;
  let prover: EngineProver;
  let document: ProofDocument;
  let prepared: ReturnType<typeof keys>;
  const keys = () =>
    readdirSync(folder)
      .sort()
      .map((name) => {
        const { mtimeMs, size } = statSync(join(folder, name));
        return { name, mtimeMs, size };
      });
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'zkrisk-keys-'));
    prover = new EngineProver({ keys: folder });
    await prover.prepare(statement);
    prepared = keys();
    document = await prover.prove(statement, UPDATE);
  }, 600_000);
  afterAll(async () => {
    await prover.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('proves what the rule says, and says that the SRS is for development', async () => {
    const { holds, failures, values } = await prover.verify(
      statement,
      parseProof(JSON.parse(JSON.stringify(document))),
    );
    expect(failures).toEqual([]);
    expect(holds).toBe(true);
    expect(document.srs).toBe('development');
    const offset = K.reduce((sum, k, i) => sum + k * GRADIENT[i], 0) / K.reduce((sum, k) => sum + k, 0);
    values!.target.forEach((weight, i) => {
      expect(Math.abs(weight - (WEIGHTS[i] + K[i] * (GRADIENT[i] - offset)))).toBeLessThan(3e-7);
    });
    expect(values!.market).toEqual(UPDATE.rows.market);
    const row = [...UPDATE.rows.parameters, UPDATE.blindings.parameters];
    expect(values!.commitments.parameters).toBe(await prover.commit(row));
  });

  it('makes no keys for a statement that was prepared', () => {
    expect(keys()).toEqual(prepared);
    expect(keys().map(({ name }) => name)).toEqual([`${document.artifacts}.pk`, `${document.artifacts}.vk`]);
  });

  it('does not verify with any public value changed by one unit', async () => {
    for (let i = 0; i < document.instances.length; i++) {
      const instances = [...document.instances];
      instances[i] = toFelt(fromFelt(instances[i], 'x') + 1n);
      const { holds } = await prover.verify(statement, { ...document, instances });
      expect(holds, `instance ${i}`).toBe(false);
    }
  }, 600_000);

  it('does not verify with a byte of the proof changed, with values missing, or as another proof', async () => {
    const flipped = document.proof.slice(0, -1) + (document.proof.endsWith('0') ? '1' : '0');
    const cases: Partial<ProofDocument>[] = [
      { proof: flipped },
      { instances: document.instances.slice(1) },
      { instances: [...document.instances.slice(0, -1), 'zz'] },
      { statement: 'covariance' },
      { artifacts: '00' },
      { srs: 'ceremony' },
    ];
    for (const change of cases) {
      const { holds, failures } = await prover.verify(statement, { ...document, ...change });
      expect(holds, JSON.stringify(Object.keys(change))).toBe(false);
      expect(failures.length).toBeGreaterThan(0);
    }
  });

  it('commits to the parameters and their salt, and proves nothing of parameters out of range', async () => {
    const blindings = { ...UPDATE.blindings, parameters: 5n };
    const other = await prover.prove(statement, { ...UPDATE, blindings });
    expect(other.instances[0]).not.toBe(document.instances[0]);
    expect(other.instances.slice(1)).toEqual(document.instances.slice(1));
    const rows = { ...UPDATE.rows, parameters: units(0.01, 0.75, 1.25) };
    await expect(prover.prove(statement, { ...UPDATE, rows })).rejects.toThrow(
      /parameter k is below its range/,
    );
  }, 60_000);
});
