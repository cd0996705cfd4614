import { z } from 'zod';
import { InvalidInputError, parseInput } from '#lib/errors';
import { fieldElement } from '../field.js';
import { LAYOUTS } from '../generated/layout.js';
import { Judgement, layoutOf } from '../public-values.js';
import type { CircuitInputs, Statement } from '../statement.js';

const {
  accounts: ACCOUNTS,
  markets: MARKETS,
  pairs: PAIRS,
  leafFields: LEAF_FIELDS,
} = LAYOUTS.reduction.constants;
const { leverageBits, distanceBits } = LAYOUTS.reduction.constants;
/** Accounts of one proof. */
export const REDUCTION_PROOF_ACCOUNTS = ACCOUNTS;
/** Markets of a reduction that can be proven. */
export const REDUCTION_PROOF_MARKETS = MARKETS;
const UNIT = 1n << BigInt(leverageBits);
/** Equity in smallest units is below this. */
const LARGEST_EQUITY = 1n << 76n;
/** Leverages are below 2^9, prices are as far as the circuit's distances reach. */
const LARGEST_LEVERAGE = UNIT << 9n;
const LARGEST_PRICE = 1n << 70n;
/** The gap is at most this part, 2^−20, of the risk before: as libs/margin has it. */
const TOLERANCE_BITS = 20n;

/** The public terms of a reduction, the same for every account. */
export interface ProvenReductionTerms {
  /** Σ, its largest entry 2^30: upper triangle by rows */
  readonly covariance: readonly bigint[];
  /** marginal cost of a kept position in each market, in units of 2^−60 */
  readonly prices: readonly bigint[];
  /** 1 where longs are closed, −1 where shorts are, 0 where nothing is */
  readonly sides: readonly number[];
}

/** One account of a proof: leverages in units of 2^−30. Nothing is public but its commitment. */
export interface ProvenReductionLeaf {
  /** hides and names the account: `lossKey` */
  readonly key: string;
  readonly equity: bigint;
  /** signed, by market */
  readonly kept: readonly bigint[];
  /** not negative, by market */
  readonly closed: readonly bigint[];
}

export interface ReductionInput {
  readonly terms: ProvenReductionTerms;
  readonly leaves: readonly ProvenReductionLeaf[];
}

export interface ReductionPublic {
  readonly terms: readonly bigint[];
  /** Σ equity·closed in each market */
  readonly closed: readonly bigint[];
  /** Σ E v'Sv/2 of these accounts exceeds its least by this much at most, in units of 2^−60 */
  readonly gap: bigint;
  /** Σ E x'Sx of the positions before, in units of 2^−90 */
  readonly risk: bigint;
  /** commitment of each leaf, in order; places without an account have that of zeros */
  readonly leaves: readonly bigint[];
  readonly failures: readonly string[];
}

/**
 * The terms of a reduction's statement as its proofs have them.
 *
 * @param statement `reduce` is the need of each market: positive where longs are closed
 */
export function provenReductionTerms({
  covariance,
  prices,
  reduce,
}: Pick<ProvenReductionTerms, 'covariance' | 'prices'> & {
  readonly reduce: readonly bigint[];
}): ProvenReductionTerms {
  return { covariance, prices, sides: reduce.map((need) => (need > 0n ? 1 : need < 0n ? -1 : 0)) };
}

/** A leaf as the circuit commits to it. */
export function reductionLeafRow({ key, equity, kept, closed }: ProvenReductionLeaf): bigint[] {
  return [BigInt(`0x${key}`), equity, ...padded(kept), ...padded(closed)];
}

/**
 * A reduction's accounts as the inputs of its proofs, {@link REDUCTION_PROOF_ACCOUNTS} each. The last proof of a chunk has its rest.
 *
 * @param chunks leaves of each chunk of the statement
 */
export function reductionInputs(
  terms: ProvenReductionTerms,
  chunks: readonly (readonly ProvenReductionLeaf[])[],
): ReductionInput[] {
  return chunks.flatMap((leaves) =>
    Array.from({ length: proofsOf(leaves.length) }, (_, i) => ({
      terms,
      leaves: leaves.slice(i * ACCOUNTS, (i + 1) * ACCOUNTS),
    })),
  );
}

/**
 * Whether proofs, in order, show a reduction's statement: all are by its terms, together they close what it closes after every chunk, and
 * their gaps add up to no more than 2^−20 of the risk before. The leaves are in no tree of books: an account opens its own commitment.
 *
 * @param statement its terms, and what is closed after each of its chunks. Whether the terms' matrix is positive definite, and
 *   whether the sums are those that had to be closed, is judged where the statement is
 */
export function reductionProofsFailures(
  statement: {
    readonly terms: ProvenReductionTerms;
    readonly chunks: readonly { readonly accounts: number; readonly closed: readonly bigint[] }[];
  },
  proofs: readonly ReductionPublic[],
): string[] {
  const failures: string[] = [];
  const terms = termsRow(statement.terms).join();
  let [due, accounts] = [0, 0];
  const ends = new Map(
    statement.chunks.map((chunk) => {
      due += proofsOf(chunk.accounts - accounts);
      accounts = chunk.accounts;
      return [due, chunk];
    }),
  );
  let [gap, risk] = [0n, 0n];
  let closed = new Array<bigint>(MARKETS).fill(0n);
  proofs.forEach((proof, i) => {
    failures.push(...proof.failures.map((failure) => `proof ${i}: ${failure}`));
    if (proof.terms.join() !== terms) failures.push(`proof ${i} is by other terms`);
    gap += proof.gap;
    risk += proof.risk;
    closed = closed.map((sum, at) => sum + proof.closed[at]);
    const end = ends.get(i + 1);
    if (end !== undefined && padded(end.closed).join() !== closed.join())
      failures.push(
        `after proof ${i} another sum is closed than after ${end.accounts} accounts of the statement`,
      );
  });
  if (proofs.length !== due) failures.push(`there are ${proofs.length} proofs, ${due} are due`);
  if (gap << (BigInt(distanceBits) + TOLERANCE_BITS + 1n) > risk)
    failures.push(`the gap ${gap} is too large beside the risk before, ${risk}`);
  return failures;
}

const whole = z.union([
  z.bigint(),
  z
    .string()
    .regex(/^(0|-?[1-9]\d{0,24})$/, 'must be a whole number')
    .transform(BigInt),
]);
const byMarket = z.array(whole).max(MARKETS);
const inputSchema = z.strictObject({
  terms: z.strictObject({
    ...{ covariance: z.array(whole).max(PAIRS), prices: byMarket },
    sides: z.array(z.int().min(-1).max(1)).max(MARKETS),
  }),
  leaves: z
    .array(
      z.strictObject({
        key: z.string().regex(/^[0-9a-f]{62}$/, 'must be 31 bytes in hexadecimal'),
        ...{ equity: whole, kept: byMarket, closed: byMarket },
      }),
    )
    .min(1)
    .max(ACCOUNTS),
}) satisfies z.ZodType<ReductionInput>;

/** Positions were reduced so that least risk is left per equity, within a stated gap: circuits/zkcircuits/reduction.py. */
export const reductionStatement: Statement<ReductionInput, ReductionPublic> = {
  name: 'reduction',
  layout: layoutOf('reduction'),
  inputs: reductionRows,

  public(values) {
    return {
      terms: values.get('publicTerms')!,
      closed: values.get('closed')!,
      gap: values.get('gap')![0],
      risk: values.get('risk')![0],
      leaves: values.get('leafCommitment')!.map(fieldElement),
      failures: judged(values),
    };
  },

  failures: ({ failures }) => failures,

  parse: (value) => parseInput(inputSchema, value, 'input'),
};

/**
 * The rows of the circuit.
 *
 * @throws {InvalidInputError} naming the field that is too large, negative, or on the side that is not reduced
 */
export function reductionRows({ terms, leaves }: ReductionInput): CircuitInputs {
  const n = terms.sides.length;
  if (leaves.length < 1 || leaves.length > ACCOUNTS)
    throw new InvalidInputError('leaves', `must be 1 to ${ACCOUNTS}, got ${leaves.length}`);
  leaves.forEach(({ equity, kept, closed }, a) => {
    const at = `leaves[${a}]`;
    if (kept.length !== n || closed.length !== n)
      throw new InvalidInputError(at, `must have ${n} positions kept and closed`);
    if (equity <= 0n || equity >= LARGEST_EQUITY)
      throw new InvalidInputError(`${at}.equity`, `must be from 1 to below 2^76, got ${equity}`);
    kept.forEach((value, i) => {
      if (value >= LARGEST_LEVERAGE || value <= -LARGEST_LEVERAGE)
        throw new InvalidInputError(`${at}.kept[${i}]`, `must be below a leverage of 512, got ${value}`);
    });
    closed.forEach((value, i) => {
      if (value < 0n || value >= LARGEST_LEVERAGE)
        throw new InvalidInputError(`${at}.closed[${i}]`, `must be from 0 to below 512, got ${value}`);
      if (value > 0n && (terms.sides[i] === 0 || kept[i] * BigInt(terms.sides[i]) < 0n))
        throw new InvalidInputError(`${at}.closed[${i}]`, 'must be on the side that is reduced');
    });
  });
  const empty = new Array<bigint>(LEAF_FIELDS).fill(0n);
  const rows = leaves.map(reductionLeafRow);
  return [termsRow(terms), ...rows, ...Array.from({ length: ACCOUNTS - rows.length }, () => empty)];
}

/** Terms as the circuit takes them, zeros for markets that are not there. */
function termsRow({ covariance, prices, sides }: ProvenReductionTerms): bigint[] {
  const n = sides.length;
  if (n < 1 || n > MARKETS)
    throw new InvalidInputError('terms.sides', `must be of 1 to ${MARKETS} markets, got ${n}`);
  if (covariance.length !== (n * (n + 1)) / 2)
    throw new InvalidInputError(
      'terms.covariance',
      `must have ${(n * (n + 1)) / 2} entries, got ${covariance.length}`,
    );
  if (prices.length !== n)
    throw new InvalidInputError('terms.prices', `must have ${n} entries, got ${prices.length}`);
  const given = [...covariance];
  const triangle = Array.from({ length: MARKETS }, (_, i) =>
    Array.from({ length: MARKETS - i }, (__, j) => (i + j < n ? given.shift()! : 0n)),
  ).flat();
  const flags = (sign: number) => padded(sides.map((side) => (side === sign ? 1n : 0n)));
  return [...triangle, ...padded(prices), ...flags(1), ...flags(-1)];
}

function proofsOf(accounts: number): number {
  return Math.ceil(accounts / ACCOUNTS);
}

function padded(values: readonly bigint[]): bigint[] {
  return [...values, ...new Array<bigint>(MARKETS - values.length).fill(0n)];
}

function judged(values: ReadonlyMap<string, readonly bigint[]>): string[] {
  const judgement = new Judgement(values);
  const [violations] = judgement.integers('violations');
  judgement.check(violations === 0n, `violations are ${violations}, not 0`);
  const terms = judgement.integers('publicTerms');
  terms.slice(0, PAIRS).forEach((value, at) => {
    judgement.check(
      value <= UNIT && value >= -UNIT,
      `the covariance [${at}] ${value} is above 2^${leverageBits}`,
    );
  });
  const [prices, longs, shorts] = [0, 1, 2].map((part) =>
    terms.slice(PAIRS + part * MARKETS, PAIRS + (part + 1) * MARKETS),
  );
  prices.forEach((value, at) => {
    judgement.check(
      value < LARGEST_PRICE && value > -LARGEST_PRICE,
      `the price [${at}] ${value} is not below 2^70`,
    );
  });
  longs.forEach((long, at) => {
    const side = [long, shorts[at]].join();
    judgement.check(['0,0', '1,0', '0,1'].includes(side), `the side [${at}] ${side} is none`);
  });
  for (const name of ['closed', 'gap', 'risk'])
    judgement.integers(name).forEach((value) => {
      judgement.check(value >= 0n && value < 1n << 208n, `${name} ${value} is not from 0 to below 2^208`);
    });
  return judgement.failures;
}
