import { describe, expect, it } from 'vitest';
import { provenReduction, reducedPositions, statementOf } from '../../../test/support/reduction-cases.js';
import {
  LAYOUTS,
  provenReductionTerms,
  REDUCTION_PROOF_ACCOUNTS,
  REDUCTION_PROOF_MARKETS,
  type ReductionInput,
  reductionInputs,
  reductionProofsFailures,
  type ReductionPublic,
  reductionRows,
  reductionStatement,
} from './index.js';

/** The public values that a proof of an input has: the circuit's sums, written down a second time. */
function publicOf(input: ReductionInput, change: object = {}): ReductionPublic {
  const [terms, ...leaves] = reductionRows(input);
  const n = REDUCTION_PROOF_MARKETS;
  const matrix: bigint[][] = Array.from({ length: n }, () => []);
  let at = 0;
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) matrix[i][j] = matrix[j][i] = terms[at++];
  const [prices, longs, shorts] = [0, 1, 2].map((part) => terms.slice(at + part * n, at + (part + 1) * n));
  const dot = (a: readonly bigint[], b: readonly bigint[]) =>
    a.reduce((sum, value, i) => sum + value * b[i], 0n);
  const positive = (value: bigint) => (value > 0n ? value : 0n);
  const closed = new Array<bigint>(n).fill(0n);
  let [gap, risk] = [0n, 0n];
  for (const [, equity, ...positions] of leaves) {
    const [kept, out] = [positions.slice(0, n), positions.slice(n)];
    const before = kept.map((value, i) => value + (longs[i] - shorts[i]) * out[i]);
    risk +=
      equity *
      dot(
        before,
        before.map((_, i) => dot(matrix[i], before)),
      );
    for (let i = 0; i < n; i++) {
      closed[i] += equity * out[i];
      const along = ((dot(matrix[i], kept) - prices[i]) >> 30n) * (longs[i] - shorts[i]);
      const left = longs[i] * positive(kept[i]) + shorts[i] * positive(-kept[i]);
      gap += equity * ((positive(along) + 1n) * left + (positive(-along) + 1n) * out[i]);
    }
  }
  return reductionStatement.public(
    new Map(
      Object.entries({
        leafCommitment: new Array<bigint>(REDUCTION_PROOF_ACCOUNTS).fill(7n),
        ...{ violations: [0n], publicTerms: terms, closed, gap: [gap], risk: [risk], ...change },
      }),
    ),
  );
}

describe('the statement of reduced positions in proofs', () => {
  const { terms, leaves } = reducedPositions(9, { markets: 3, accounts: 1900, share: 0.3 });
  const statement = statementOf(terms, leaves);
  const proven = { terms: provenReductionTerms(terms), chunks: statement.chunks };
  const chunks = [leaves.slice(0, 1024), leaves.slice(1024)].map(provenReduction);
  const inputs = reductionInputs(proven.terms, chunks);
  const proofs = inputs.map((input) => publicOf(input));

  it('shows a reduction of 1,900 accounts in two chunks', () => {
    expect(statement.chunks).toHaveLength(2);
    expect(inputs).toHaveLength(
      Math.ceil(1024 / REDUCTION_PROOF_ACCOUNTS) +
        Math.ceil((leaves.length - 1024) / REDUCTION_PROOF_ACCOUNTS),
    );
    expect(reductionProofsFailures(proven, proofs)).toEqual([]);
    expect(reductionProofsFailures(proven, proofs.slice(0, -1)).join()).toMatch(/proofs, \d+ are due/);
    const twice = [proofs[1], ...proofs.slice(1)];
    expect(reductionProofsFailures(proven, twice).join()).toMatch(
      /after proof 56 another sum is closed than after 1024/,
    );
    const other = { ...proven, terms: { ...proven.terms, prices: terms.prices.map((price) => price + 1n) } };
    expect(reductionProofsFailures(other, proofs).join()).toMatch(/proof 0 is by other terms/);
    const faulty = proofs.with(5, publicOf(inputs[5], { violations: [1n] }));
    expect(reductionProofsFailures(proven, faulty)).toEqual(['proof 5: violations are 1, not 0']);
  });

  it('refuses proofs whose gaps add up to more than a 2^20th of the risk', () => {
    const byMarket = reducedPositions(11, { markets: 3, accounts: 200, share: 0.3, byMarket: true });
    const given = {
      terms: provenReductionTerms(byMarket.terms),
      chunks: statementOf(byMarket.terms, byMarket.leaves).chunks,
    };
    const shown = reductionInputs(given.terms, [provenReduction(byMarket.leaves)]).map((input) =>
      publicOf(input),
    );
    expect(reductionProofsFailures(given, shown).join()).toMatch(/^the gap \d+ is too large/);
  });

  it('refuses inputs that are out of range, on the other side, or of other markets, by name', () => {
    const closes = ({ closed }: ReductionInput['leaves'][number]) => closed[0] > 0n;
    const input = inputs.find(({ leaves }) => leaves.some(closes))!;
    const refused = (change: Partial<ReductionInput>) => () => reductionRows({ ...input, ...change });
    const at = input.leaves.findIndex(closes);
    const leaf = (change: object) =>
      refused({ leaves: input.leaves.with(at, { ...input.leaves[at], ...change }) });
    const of = (change: object) => refused({ terms: { ...input.terms, ...change } });
    const { kept, closed } = input.leaves[at];
    expect(leaf({ equity: 0n })).toThrow(/\.equity/);
    expect(leaf({ equity: 1n << 76n })).toThrow(/\.equity/);
    expect(leaf({ kept: kept.with(1, 1n << 39n) })).toThrow(/\.kept\[1\]/);
    expect(leaf({ closed: closed.with(0, -1n) })).toThrow(/\.closed\[0\]/);
    expect(leaf({ kept: kept.with(0, -kept[0] || BigInt(-input.terms.sides[0])) })).toThrow(
      /side that is reduced/,
    );
    expect(leaf({ kept: [1n] })).toThrow(/must have 3/);
    expect(refused({ leaves: [] })).toThrow(/leaves/);
    expect(of({ sides: [] })).toThrow(/must have 0|sides/);
    expect(of({ covariance: [1n] })).toThrow(/covariance/);
    expect(of({ prices: [1n] })).toThrow(/prices/);
  });

  it('reads JSON, whole numbers as text, and names what is none', () => {
    const text = JSON.parse(
      JSON.stringify(inputs[0], (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    ) as { leaves: { equity: string }[] };
    expect(reductionStatement.parse(text)).toEqual(inputs[0]);
    text.leaves[1].equity = '1.5';
    expect(() => reductionStatement.parse(text)).toThrow(/leaves.*1.*equity/);
  });

  it('judges public values: each bound where it is, and one beyond', () => {
    const [input] = inputs;
    const { publicTerms } = LAYOUTS.reduction.values;
    const honest = publicOf(input);
    expect(honest.failures).toEqual([]);
    expect(honest.terms).toHaveLength(publicTerms.length);
    const terms_ = [...honest.terms];
    const n = REDUCTION_PROOF_MARKETS;
    const firstPrice = publicTerms.length - 3 * n;
    const failures = (change: object) => publicOf(input, change).failures.join('; ');
    expect(failures({ publicTerms: terms_.with(0, (1n << 30n) + 1n) })).toMatch(/covariance \[0\]/);
    expect(failures({ publicTerms: terms_.with(1, -(1n << 30n) - 1n) })).toMatch(/covariance \[1\]/);
    expect(failures({ publicTerms: terms_.with(firstPrice, 1n << 70n) })).toMatch(/price \[0\]/);
    expect(failures({ publicTerms: terms_.with(firstPrice, (1n << 70n) - 1n) })).toBe('');
    expect(failures({ publicTerms: terms_.with(firstPrice + n, 2n) })).toMatch(/side \[0\]/);
    expect(failures({ publicTerms: terms_.with(firstPrice + n, 1n).with(firstPrice + 2 * n, 1n) })).toMatch(
      /side \[0\] 1,1/,
    );
    expect(failures({ gap: [-1n] })).toMatch(/gap -1/);
    expect(failures({ risk: [1n << 208n] })).toMatch(/risk/);
    expect(failures({ closed: honest.closed.with(2, -1n) })).toMatch(/closed -1/);
  });
});
