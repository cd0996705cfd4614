import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  EngineProver,
  fromFelt,
  NativeProver,
  nativePython,
  parseProof,
  type ProofDocument,
  toFelt,
} from '#lib/proofs';
import { loadRule, RULE_UNIT, type RuleUpdate, ruleStatement } from './index.js';

/** Momentum of three tokens as `zkrisk rule build` makes it: the smallest circuit there is. test/proof/rules.spec.ts builds it again. */
const BUILT = join(import.meta.dirname, '..', '..', '..', '..', 'test', 'vectors', 'rules', 'momentum');
const statement = ruleStatement(loadRule(BUILT));
const units = (...numbers: number[]) => numbers.map((value) => BigInt(Math.round(value * RULE_UNIT)));
const K = [0.5, 0.75, 1.25];
const WEIGHTS = [0.25, 0.45, 0.3];
const GRADIENT = [0.02, -0.01, 0.015];
const UPDATE: RuleUpdate = {
  rows: { parameters: units(...K), shared: [], state: [], market: units(...WEIGHTS, ...GRADIENT) },
  blindings: { parameters: 2n ** 119n + 77n, hints: 12345n },
};

describe('EngineProver', () => {
  let folder: string;
  let prover: EngineProver;
  let document: ProofDocument;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'zkrisk-keys-'));
    prover = new EngineProver({ keys: folder });
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

const python = nativePython();

describe.skipIf(python === undefined)(
  'native ezkl (skipped where npm run circuits has not installed it)',
  () => {
    const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'zkrisk-keys-')));
    let native: NativeProver;
    let engine: EngineProver;
    beforeAll(() => {
      native = new NativeProver(python!, { keys: folders[0] });
      engine = new EngineProver({ keys: folders[1] });
    });
    afterAll(async () => {
      await native.close();
      await engine.close();
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    });

    it('proves what the engine verifies, and verifies what the engine proves', async () => {
      const [byNative, byEngine] = [
        await native.prove(statement, UPDATE),
        await engine.prove(statement, UPDATE),
      ];
      expect(byNative.instances).toEqual(byEngine.instances);
      expect((await engine.verify(statement, byNative)).failures).toEqual([]);
      expect((await native.verify(statement, byEngine)).failures).toEqual([]);
      const altered = { ...byEngine, instances: byEngine.instances.with(0, byEngine.instances[1]) };
      expect((await native.verify(statement, altered)).holds).toBe(false);
    }, 120_000);

    it('takes a ceremony’s SRS, and says so; proofs of one SRS are none of the other', async () => {
      const srs = mkdtempSync(join(tmpdir(), 'zkrisk-srs-'));
      const code = 'import ezkl, os, sys; ezkl.gen_srs(sys.argv[1], 11); os._exit(0)';
      spawnSync(python!, ['-c', code, join(srs, '11.srs')], { stdio: 'ignore' });
      const prover = new EngineProver({ keys: srs }, { ZKRISK_SRS: srs });
      try {
        const proof = await prover.prove(statement, UPDATE);
        expect(proof.srs).toBe('ceremony');
        expect((await prover.verify(statement, proof)).failures).toEqual([]);
        expect((await engine.verify(statement, proof)).holds).toBe(false);
        const { artifacts } = await engine.prove(statement, UPDATE);
        const disguised = { ...proof, srs: 'development', artifacts } as const;
        expect((await engine.verify(statement, disguised)).holds).toBe(false);
      } finally {
        await prover.close();
        rmSync(srs, { recursive: true, force: true });
      }
    }, 120_000);

    it('makes the same keys and commitments', async () => {
      for (const name of readdirSync(folders[1]).filter((file) => file.endsWith('k')))
        expect(readFileSync(join(folders[0], name)).equals(readFileSync(join(folders[1], name))), name).toBe(
          true,
        );
      const row = [1n, -2n, 3n << 30n];
      expect(await native.commit(row)).toBe(await engine.commit(row));
    });
  },
);
