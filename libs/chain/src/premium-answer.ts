import { type ContractFunctionArgs, type Hex, toHex } from 'viem';
import { type JournalLeaf, openedReceipt, rowBytes, type TradeReceipt } from '#lib/commitment';
import { InvalidInputError } from '#lib/errors';
import {
  type BarInput,
  barValues,
  type PriceInput,
  type PricedBookTerms,
  stateNumbers,
  unitAmount,
} from '#lib/proofs';
import type { CHALLENGES_ABI } from './oracle-abi.js';

export type ChallengeOpening = ContractFunctionArgs<typeof CHALLENGES_ABI, 'nonpayable', 'answer'>[3];
export type ChallengeLeaf = ChallengeOpening['preceding'];

const ZERO: Hex = `0x${'00'.repeat(32)}`;
const NO_LEAF: ChallengeLeaf = { content: ZERO, before: ZERO, afterwards: ZERO, marks: ZERO, terms: ZERO };

/** A leaf's digests in the words of the contracts. */
export function challengeLeaf({ content, before, after, marks, terms }: JournalLeaf): ChallengeLeaf {
  const hex = (digest: Uint8Array) => toHex(digest);
  return {
    ...{ content: hex(content), before: hex(before), afterwards: hex(after), marks: hex(marks) },
    terms: hex(terms),
  };
}

/** The opening of a journal's entry, as `PremiumChallenges.answer` takes it. */
export function challengeOpening(receipt: TradeReceipt): ChallengeOpening {
  const { rows, terms, preceding } = openedReceipt(receipt);
  return {
    content: receipt.content as Hex,
    rows: toHex(rowBytes(rows)),
    terms: { ...terms, time: BigInt(terms.time) },
    path: receipt.path as Hex[],
    preceding: preceding === undefined ? NO_LEAF : challengeLeaf(preceding),
    precedingPath: (receipt.preceding?.path ?? []) as Hex[],
  };
}

/** A trade's statement, and how its books stand in it. */
export interface PremiumStatement {
  readonly input: PriceInput;
  /** a byte for each row of the opening: the place of its market */
  readonly places: Hex;
  /** one share of the unit of account, 18 decimals */
  readonly unit: bigint;
}

/**
 * The `price` statement of a journal's entry on the state that the bar before its own has ended in.
 *
 * @param bar input of that bar's proof
 * @param markets of the bar, in its order
 * @throws {InvalidInputError} for an entry with a market that the bar does not have, or without positions on both sides
 */
export function premiumStatement(
  bar: BarInput,
  markets: readonly string[],
  receipt: TradeReceipt,
): PremiumStatement {
  const { rows, terms } = openedReceipt(receipt);
  const placeOf = new Map(markets.map((market, i) => [market, i]));
  // In the order of the rows' bytes: by name.
  const sorted = [...rows].sort((a, b) => (a.market < b.market ? -1 : 1));
  const places = sorted.map(({ market }) => {
    const place = placeOf.get(market);
    if (place === undefined)
      throw new InvalidInputError('rows', `have ${market}, which the epoch before has not`);
    return place;
  });
  const notionals = (side: 'before' | 'after') =>
    sorted.map((row) => (Number(row[side].net) / 1e8) * (Number(row.price) / 1e18));
  const [before, after] = [notionals('before'), notionals('after')];
  const gross = (values: readonly number[]) => values.reduce((sum, value) => sum + Math.abs(value), 0);
  if (gross(before) === 0 || gross(after) === 0)
    throw new InvalidInputError('rows', 'have no position on one side: EVaR of nothing is no statement');
  const unit = 2 ** (Math.floor(Math.log2(Math.max(gross(before), gross(after)))) - 6);
  const money = (value: bigint) => Number(value) / 1e8 / unit;
  const entry = sorted.reduce((sum, row) => sum + row.before.entry, 0n);
  const side = (values: readonly number[], held: bigint): PricedBookTerms => {
    const exposures = markets.map(() => 0);
    places.forEach((place, i) => (exposures[place] = values[i] / unit));
    return {
      ...{ exposures, entry: money(held), capital: money(terms.capital) },
      ...{ liquidity: money(terms.liquidity), pending: money(terms.pending) },
    };
  };
  const { scores, units } = bar.model;
  return {
    input: {
      model: bar.model,
      state: stateNumbers(barValues(bar).after, scores.length, units.length),
      stateSalt: bar.nextStateSalt,
      before: side(before, entry),
      after: side(after, entry + terms.traded),
      ...{ alpha: bar.alpha, tailFactor: bar.tailFactor },
    },
    places: toHex(Uint8Array.from(places)),
    unit: unitAmount(unit),
  };
}
