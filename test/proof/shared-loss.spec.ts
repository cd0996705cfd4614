import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkSettlementCommand, proveLossCommand } from '../../apps/cli/src/settlement.command.js';
import { sharedLoss } from '../support/past-the-pool.js';

/** A settlement from its events to proofs that somebody without any account's salt checks. */
describe('a whole settlement in zero knowledge', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-shared-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is proven by its events, accounts and positions, and checked against the statements that everybody has', async () => {
    const file = join(folder, 'events.jsonl');
    const events = sharedLoss(70).events.filter(
      ({ kind }) => kind === 'gains-cut' || kind === 'haircut-settled' || kind === 'positions-reduced',
    );
    writeFileSync(file, events.map((event) => JSON.stringify(event)).join('\n'));
    const proofs = join(folder, 'proofs');
    const proven = await proveLossCommand(file, { out: proofs });
    expect(proven).toMatchObject({
      accounts: 71,
      proofs: 2,
      reductionProofs: 4,
      notProven: null,
      failures: [],
    });
    rmSync(join(proofs, 'salts.json'));
    const checked = await checkSettlementCommand(file, { proofs });
    expect(checked).toMatchObject({ proofs: { loss: 2, reduction: 4 }, failures: [] });
    // One proof that is missing is noticed, and so is one in another's place.
    rmSync(join(proofs, 'reduction-00004.json'));
    const less = await checkSettlementCommand(file, { proofs });
    expect(less.failures.join()).toMatch(/there are 3 proofs, 4 are due/);
  }, 900_000);
});
