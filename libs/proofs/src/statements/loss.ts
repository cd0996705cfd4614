import { createHash } from 'node:crypto';
import { z } from 'zod';
import { InvalidInputError, parseInput } from '#lib/errors';
import { fieldElement } from '../field.js';
import { LAYOUTS } from '../generated/layout.js';
import { Judgement, layoutOf } from '../public-values.js';
import type { CircuitInputs, Statement } from '../statement.js';

const { accounts: ACCOUNTS, leafFields: LEAF_FIELDS } = LAYOUTS.loss.constants;
/** Accounts of one proof: 64 proofs cover a chunk of a settlement's statement. */
export const LOSS_PROOF_ACCOUNTS = ACCOUNTS;
/** Money in smallest units is below this: 7·10^14 of a currency with eight decimals. */
const LARGEST = 1n << 76n;

/** Sums over accounts, money in smallest units. */
export interface LossSums {
  /** Σ g, Σ (E⁺ − g), Σ z */
  readonly gains: bigint;
  readonly principal: bigint;
  readonly cuts: bigint;
}

/** One account of a proof. Nothing is public but its commitment. */
export interface ProvenLossLeaf {
  /** hides and names the account: {@link lossKey} */
  readonly key: string;
  readonly gain: bigint;
  readonly principal: bigint;
  readonly cut: bigint;
}

/** Accounts that follow each other in a settlement, with the sums of those before. */
export interface LossInput {
  readonly need: bigint;
  /** of all accounts of the settlement */
  readonly totals: Pick<LossSums, 'gains' | 'principal'>;
  readonly before: LossSums;
  readonly leaves: readonly ProvenLossLeaf[];
}

export interface LossPublic {
  /** of gains, or of principal where all gains do not suffice */
  readonly stage: 'gains' | 'principal';
  /** the part of the need that is shared pro rata, and the sum that it is shared over (1 where that is 0) */
  readonly share: bigint;
  readonly total: bigint;
  readonly before: LossSums;
  readonly after: LossSums;
  /** commitment of each leaf, in order; places without an account have that of zeros */
  readonly leaves: readonly bigint[];
  readonly failures: readonly string[];
}

/**
 * The key of an account's leaf: the first 31 bytes of SHA-256 of salt and account. Who has no salt cannot tell whose a commitment is.
 *
 * @param salt 31 random bytes of the account's own, hexadecimal
 */
export function lossKey(account: string, salt: string): string {
  return createHash('sha256').update(`${salt}|${account}`).digest('hex').slice(0, 62);
}

/** A leaf as the circuit commits to it; `Prover.commit` of it is its entry among the public `leaves`. */
export function lossLeafRow({ key, gain, principal, cut }: ProvenLossLeaf): bigint[] {
  return [BigInt(`0x${key}`), gain, principal, cut];
}

/** The share of a settlement that is divided pro rata, and over how much. */
export function lossStage(
  need: bigint,
  { gains, principal }: LossInput['totals'],
): Pick<LossPublic, 'stage' | 'share' | 'total'> {
  const least = (a: bigint, b: bigint) => (a < b ? a : b);
  const [stage, share, total] =
    need <= gains
      ? (['gains', need, gains] as const)
      : (['principal', least(need - gains, principal), principal] as const);
  return { stage, share, total: total > 0n ? total : 1n };
}

/**
 * A settlement's accounts as the inputs of its proofs, {@link LOSS_PROOF_ACCOUNTS} each.
 *
 * @param leaves ids ascending, as the settlement has them
 */
export function lossInputs(need: bigint, leaves: readonly ProvenLossLeaf[]): LossInput[] {
  const nothing: LossSums = { gains: 0n, principal: 0n, cuts: 0n };
  const { gains, principal } = leaves.reduce(added, nothing);
  const inputs: LossInput[] = [];
  let before = nothing;
  for (let from = 0; from < leaves.length; from += ACCOUNTS) {
    const part = leaves.slice(from, from + ACCOUNTS);
    inputs.push({ need, totals: { gains, principal }, before, leaves: part });
    before = part.reduce(added, before);
  }
  return inputs;
}

/**
 * Whether proofs, in order, show a settlement's statement: each shares the same need over the same sums, begins where the one before has
 * ended, and the sums after every chunk are the statement's. The leaves are in no tree of books: an account opens its own commitment.
 *
 * @param statement D, and where the sums stand after each of its chunks
 */
export function lossProofsFailures(
  statement: {
    readonly need: bigint;
    readonly chunks: readonly (LossSums & { readonly accounts: number })[];
  },
  proofs: readonly LossPublic[],
): string[] {
  const end = statement.chunks.at(-1) ?? { accounts: 0, gains: 0n, principal: 0n, cuts: 0n };
  const { stage, share, total } = lossStage(statement.need, end);
  const failures: string[] = [];
  let before: LossSums = { gains: 0n, principal: 0n, cuts: 0n };
  let accounts = 0;
  const ends = new Map(statement.chunks.map((chunk) => [chunk.accounts, chunk]));
  proofs.forEach((proof, i) => {
    failures.push(...proof.failures.map((failure) => `proof ${i}: ${failure}`));
    if (proof.stage !== stage || proof.share !== share || proof.total !== total)
      failures.push(
        `proof ${i} shares ${proof.share} over ${proof.total} of ${proof.stage}, not ${share} over ${total} of ${stage}`,
      );
    if (!same(proof.before, before))
      failures.push(`proof ${i} does not begin where the one before has ended`);
    before = proof.after;
    accounts = Math.min(accounts + ACCOUNTS, end.accounts);
    const chunk = ends.get(accounts);
    if (chunk !== undefined && !same(chunk, before))
      failures.push(`the sums after proof ${i} are not those of the statement after ${accounts} accounts`);
  });
  const due = Math.ceil(end.accounts / ACCOUNTS);
  if (proofs.length !== due) failures.push(`there are ${proofs.length} proofs, ${due} are due`);
  return failures;
}

const units = z.string().regex(/^(0|[1-9]\d{0,23})$/, 'must be a whole number of smallest units');
const whole = z.union([z.bigint(), units.transform(BigInt)]);
const inputSchema = z.strictObject({
  need: whole,
  totals: z.strictObject({ gains: whole, principal: whole }),
  before: z.strictObject({ gains: whole, principal: whole, cuts: whole }),
  leaves: z
    .array(
      z.strictObject({
        key: z.string().regex(/^[0-9a-f]{62}$/, 'must be 31 bytes in hexadecimal'),
        ...{ gain: whole, principal: whole, cut: whole },
      }),
    )
    .min(1)
    .max(ACCOUNTS),
}) satisfies z.ZodType<LossInput>;

/** Accounts bear a loss past the pool's capital by the rule, exactly: circuits/zkcircuits/loss.py. */
export const lossStatement: Statement<LossInput, LossPublic> = {
  name: 'loss',
  layout: layoutOf('loss'),
  inputs: lossRows,

  public(values) {
    const [share, total, stage, gains, principal, cuts] = values.get('publicTerms')!;
    const [gainsAfter, principalAfter, cutsAfter] = values.get('sums')!;
    return {
      stage: stage === 0n ? 'gains' : 'principal',
      ...{ share, total },
      before: { gains, principal, cuts },
      after: { gains: gainsAfter, principal: principalAfter, cuts: cutsAfter },
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
 * @throws {InvalidInputError} naming the field that is negative, too large, or no share of the rule
 */
export function lossRows({ need, totals, before, leaves }: LossInput): CircuitInputs {
  if (leaves.length < 1 || leaves.length > ACCOUNTS)
    throw new InvalidInputError('leaves', `must be 1 to ${ACCOUNTS}, got ${leaves.length}`);
  const { stage, share, total } = lossStage(need, totals);
  const money = (value: bigint, field: string): bigint => {
    if (value < 0n || value >= LARGEST)
      throw new InvalidInputError(field, `must be from 0 to below 2^76 smallest units, got ${value}`);
    return value;
  };
  money(need, 'need');
  const terms = [
    share,
    money(total, `totals.${stage}`),
    stage === 'gains' ? 0n : 1n,
    money(before.gains, 'before.gains'),
    money(before.principal, 'before.principal'),
    money(before.cuts, 'before.cuts'),
  ];
  let sums = stage === 'gains' ? before.gains : before.principal;
  const rows = leaves.map((leaf, i) => {
    const { gain, principal, cut } = leaf;
    const [base, whole] = stage === 'gains' ? [gain, 0n] : [principal, gain];
    const due = whole + (share * (sums + base)) / total - (share * sums) / total;
    sums += base;
    money(gain, `leaves[${i}].gain`);
    money(principal, `leaves[${i}].principal`);
    if (cut !== due) throw new InvalidInputError(`leaves[${i}].cut`, `must be its share ${due}, got ${cut}`);
    return lossLeafRow(leaf);
  });
  const empty = new Array<bigint>(LEAF_FIELDS).fill(0n);
  return [terms, ...rows, ...Array.from({ length: ACCOUNTS - rows.length }, () => empty)];
}

function judged(values: ReadonlyMap<string, readonly bigint[]>): string[] {
  const judgement = new Judgement(values);
  const [violations] = judgement.integers('violations');
  judgement.check(violations === 0n, `violations are ${violations}, not 0`);
  for (const name of ['publicTerms', 'sums'])
    judgement.integers(name).forEach((value, at) => {
      judgement.check(value >= 0n && value < LARGEST, `${name}[${at}] ${value} is not from 0 to below 2^76`);
    });
  const [share, total, stage, gains, principal, cuts] = judgement.integers('publicTerms');
  judgement.check(total >= 1n, `the total ${total} is below 1`);
  judgement.check(share <= total, `the share ${share} is above its total ${total}`);
  judgement.check(stage === 0n || stage === 1n, `the stage ${stage} is neither 0 nor 1`);
  // The first quotient is the floor that the proof before ended with; without this any start would do.
  const base = stage === 1n ? principal : gains;
  const started = stage === 1n ? cuts - gains : cuts;
  judgement.check(
    total < 1n || started === (share * base) / total,
    `cuts before are ${cuts}, of which ${started} pro rata: not the floor of ${share} × ${base}/${total}`,
  );
  return judgement.failures;
}

function added(sums: LossSums, { gain, principal, cut }: ProvenLossLeaf): LossSums {
  return { gains: sums.gains + gain, principal: sums.principal + principal, cuts: sums.cuts + cut };
}

function same(a: LossSums, b: LossSums): boolean {
  return a.gains === b.gains && a.principal === b.principal && a.cuts === b.cuts;
}
