import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineProver, NativeProver, nativePython } from '#lib/proofs';
import { statement, UPDATE } from '../../../test/support/momentum-rule.js';

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
      await native.prepare(statement);
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
