import { describe, expect, it } from 'vitest';
import {
  provenLeaves,
  randomLossInputs,
  settledLoss,
  statementOf,
} from '../../../test/support/loss-cases.js';
import {
  LAYOUTS,
  LOSS_PROOF_ACCOUNTS,
  type LossInput,
  lossInputs,
  lossProofsFailures,
  type LossPublic,
  lossRows,
  lossStage,
  lossStatement,
} from './index.js';

const GAINS = { of: 'gains', share: 0.3 } as const;
const BEYOND = { of: 'all', share: 0.8 } as const;

/** The public values that a proof of an input has. */
function publicOf({ need, totals, before, leaves }: LossInput, change: object = {}): LossPublic {
  const { stage, share, total } = lossStage(need, totals);
  const sum = (of: (leaf: (typeof leaves)[number]) => bigint) =>
    leaves.reduce((all, leaf) => all + of(leaf), 0n);
  const after = [
    before.gains + sum(({ gain }) => gain),
    before.principal + sum(({ principal }) => principal),
    before.cuts + sum(({ cut }) => cut),
  ];
  return lossStatement.public(
    new Map(
      Object.entries({
        leafCommitment: new Array<bigint>(LOSS_PROOF_ACCOUNTS).fill(7n),
        violations: [0n],
        publicTerms: [share, total, stage === 'gains' ? 0n : 1n, before.gains, before.principal, before.cuts],
        sums: after,
        ...change,
      }),
    ),
  );
}

describe('the statement of a shared loss in proofs', () => {
  it.each([GAINS, BEYOND])('shows a settlement of 5,000 accounts, a need of %o', (need) => {
    const settled = settledLoss(3, 5000, need);
    const inputs = lossInputs(settled.need, provenLeaves(settled.leaves));
    expect(inputs).toHaveLength(Math.ceil(5000 / LOSS_PROOF_ACCOUNTS));
    const proofs = inputs.map((input) => publicOf(input));
    const statement = statementOf(settled.need, settled.leaves);
    expect(statement.chunks).toHaveLength(2);
    expect(lossProofsFailures(statement, proofs)).toEqual([]);
    expect(lossProofsFailures(statement, proofs.slice(1)).join()).toMatch(/proof 0 does not begin/);
    expect(lossProofsFailures(statement, proofs.slice(0, -1)).join()).toMatch(/78 proofs, 79 are due/);
    expect(lossProofsFailures({ ...statement, need: statement.need + 1n }, proofs).join()).toMatch(
      /proof 0 shares \d+ over \d+ of (gains|principal), not/,
    );
    const [first, second] = statement.chunks;
    const moved = { ...statement, chunks: [{ ...first, cuts: first.cuts + 1n }, second] };
    expect(lossProofsFailures(moved, proofs)).toEqual([
      'the sums after proof 63 are not those of the statement after 4096 accounts',
    ]);
    const faulty = proofs.with(5, publicOf(inputs[5], { violations: [1n] }));
    expect(lossProofsFailures(statement, faulty)).toEqual(['proof 5: violations are 1, not 0']);
  });

  it('takes a settlement without a gain, and one without anything', () => {
    const leaf = { key: 'ab'.repeat(31), gain: 0n, principal: 50n, cut: 50n };
    const all = lossInputs(80n, [leaf]);
    expect(publicOf(all[0])).toMatchObject({ stage: 'principal', share: 50n, total: 50n, failures: [] });
    const none = lossInputs(80n, [{ ...leaf, principal: 0n, cut: 0n }]);
    expect(publicOf(none[0])).toMatchObject({ share: 0n, total: 1n, failures: [] });
  });

  it('refuses inputs that are no share, negative, or out of range, by name', () => {
    const [, input] = randomLossInputs(1, 150, GAINS);
    const refused = (change: Partial<LossInput>) => () => lossRows({ ...input, ...change });
    const leaf = (change: Partial<LossInput['leaves'][number]>) =>
      refused({ leaves: input.leaves.with(9, { ...input.leaves[9], ...change }) });
    expect(leaf({ cut: input.leaves[9].cut + 1n })).toThrow(/leaves\[9\].cut/);
    expect(leaf({ gain: -1n })).toThrow(/leaves\[9\].gain/);
    expect(leaf({ principal: 1n << 76n })).toThrow(/leaves\[9\].principal/);
    expect(refused({ need: -1n })).toThrow(/need/);
    expect(refused({ leaves: [] })).toThrow(/leaves/);
    expect(refused({ leaves: [...input.leaves, input.leaves[0]] })).toThrow(/leaves/);
    expect(refused({ before: { ...input.before, cuts: -1n } })).toThrow(/before.cuts/);
  });

  it('reads JSON, whole numbers as text, and names what is none', () => {
    const [input] = randomLossInputs(1, 3, BEYOND);
    const text = JSON.parse(
      JSON.stringify(input, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    ) as { leaves: { cut: string }[] };
    expect(lossStatement.parse(text)).toEqual(input);
    text.leaves[1].cut = '1.5';
    expect(() => lossStatement.parse(text)).toThrow(/leaves.*1.*cut/);
  });

  it('judges public values: each bound where it is, and one beyond', () => {
    const [, input] = randomLossInputs(2, 150, GAINS);
    const honest = publicOf(input);
    expect(honest.failures).toEqual([]);
    const terms = [
      honest.share,
      honest.total,
      0n,
      honest.before.gains,
      honest.before.principal,
      honest.before.cuts,
    ];
    const sums = Object.values(honest.after);
    const failures = (change: object) => publicOf(input, change).failures.join('; ');
    expect(failures({ publicTerms: terms.with(2, 2n) })).toMatch(/stage 2 is neither/);
    expect(failures({ publicTerms: terms.with(0, honest.total + 1n) })).toMatch(/above its total/);
    expect(failures({ publicTerms: terms.with(0, -1n) })).toMatch(/publicTerms\[0\] -1/);
    expect(failures({ publicTerms: terms.with(1, 0n) })).toMatch(/total 0 is below 1/);
    expect(failures({ publicTerms: terms.with(5, honest.before.cuts + 1n) })).toMatch(/not the floor/);
    expect(failures({ publicTerms: terms.with(3, 1n << 76n) })).toMatch(/publicTerms\[3\]/);
    expect(failures({ sums: sums.with(1, 1n << 76n) })).toMatch(/sums\[1\]/);
    expect(failures({ sums: sums.with(1, (1n << 76n) - 1n) })).toBe('');
    expect(LAYOUTS.loss.values.leafCommitment.length).toBe(LOSS_PROOF_ACCOUNTS);
  });
});
