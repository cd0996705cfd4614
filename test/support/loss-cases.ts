import { type LossInput, lossInputs, lossKey, type ProvenLossLeaf } from '#lib/proofs';
import { type LossLeaf, lossStatement, shareLoss } from '#lib/margin';
import { randomStream } from '#lib/runtime';

/** The statement of a settlement, in chunks. */
export const statementOf = lossStatement;

/** Accounts with random equity and gains, some without either, some that owe; and a need that is a share of what they have. */
export function settledLoss(
  seed: number,
  accounts: number,
  { of, share }: { of: 'gains' | 'all'; share: number },
): { need: bigint; leaves: LossLeaf[] } {
  const random = randomStream(seed);
  const claims = Array.from({ length: accounts }, () => {
    const equity = BigInt(Math.floor((random.uniform() - 0.1) * 1e15));
    const most = equity > 0n ? equity : 0n;
    const part = Math.floor(Math.max(0, random.uniform() * 1.5 - 0.5) * 1e6);
    return { equity, gain: (most * BigInt(part)) / 1_000_000n };
  });
  const sum = claims.reduce(
    (total, { equity, gain }) => total + (of === 'gains' ? gain : equity > 0n ? equity : 0n),
    0n,
  );
  const need = (sum * BigInt(Math.round(share * 1e6))) / 1_000_000n;
  const { cuts } = shareLoss(need, claims);
  const leaves = claims.map((claim, i) => ({
    account: `a${String(i).padStart(6, '0')}`,
    ...claim,
    cut: cuts[i],
  }));
  return { need, leaves };
}

/** Each account's leaf as it is proven, with a salt of its own. */
export function provenLeaves(leaves: readonly LossLeaf[]): ProvenLossLeaf[] {
  return leaves.map(({ account, equity, gain, cut }, i) => ({
    key: lossKey(account, saltOf(i)),
    ...{ gain, principal: equity > 0n ? equity - gain : 0n, cut },
  }));
}

/** The salt of an account of {@link provenLeaves}. */
export const saltOf = (i: number): string => (i + 1).toString(16).padStart(62, '0');

export function randomLossInputs(...given: Parameters<typeof settledLoss>): LossInput[] {
  const { need, leaves } = settledLoss(...given);
  return lossInputs(need, provenLeaves(leaves));
}
