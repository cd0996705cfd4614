import { type ContractFunctionArgs, type Hex, size, stringToHex, toHex } from 'viem';
import {
  bytesOf,
  hexOf,
  journalLeafDigest,
  netBookBytes,
  openedReceipt,
  totalsOf,
  type TradeReceipt,
} from '#lib/commitment';
import { InvalidInputError, parseJson } from '#lib/errors';
import { decodeBook } from './book-commitment.js';
import type { ChainClient } from './chain-client.js';
import type { PublishedJournal } from './journals.js';
import type { CHALLENGES_ABI } from './oracle-abi.js';
import { publishedEpoch } from './published-epoch.js';

/** Grounds of an entry, as `PremiumChallenges.answer` takes them. */
export type EntryGrounds = ContractFunctionArgs<typeof CHALLENGES_ABI, 'nonpayable', 'answer'>[4]['grounds'];

/** An entry that pays the model's premium, or moves no net size, needs no grounds. */
export const NO_GROUNDS: EntryGrounds = {
  ...{ salt: `0x${'00'.repeat(32)}`, text: '0x', closing: '0x', plan: '0x', planAt: 0n },
};

/** Units of 10^−8 that the shares of a match's accounts are rounded by, as `UnpaidEntry` has them. */
const ROUNDING = 64n;
/** A quote that is cheaper by an eighth at most needs no event. */
const QUOTE_SHIFT = 3n;

/** Whether an entry is answered for with its event: it moves the pool's net size and does not pay the model's premium. */
export function needsGrounds(receipt: TradeReceipt): boolean {
  const { rows, terms } = openedReceipt(receipt);
  const isFlat = (side: 'before' | 'after') => rows.every((row) => row[side].net === 0n);
  if (terms.kind === 0 || isFlat('before') || isFlat('after'))
    return rows.some(({ before, after }) => before.net !== after.net);
  const premium = terms.riskPremium + terms.liquidityPremium;
  const cheaper = terms.kind === 2 ? premium >> QUOTE_SHIFT : 0n;
  return terms.charged + ROUNDING + cheaper < premium;
}

/**
 * The grounds of an entry, from its event, and of an event that ends a market the book that its epoch was published with.
 *
 * @throws {InvalidInputError} for a receipt without its event
 */
export async function entryGrounds(
  client: ChainClient,
  { publication: { transaction, digest } }: PublishedJournal,
  { event, salt }: TradeReceipt,
): Promise<EntryGrounds> {
  if (event === null || salt === null)
    throw new InvalidInputError('event', 'is needed: the entry does not pay the model’s premium');
  const { kind, planId } = parseJson(event, 'event') as { kind: string; planId?: string };
  const plan = kind === 'trade-booked' ? planId : undefined;
  const at = plan === undefined ? 0 : event.indexOf(`"planId":"${plan}"`);
  return {
    ...{ salt: salt as Hex, text: stringToHex(event) },
    closing:
      kind === 'positions-settled'
        ? closingBook((await publishedEpoch(client, transaction, digest)).book)
        : '0x',
    plan: plan === undefined ? '0x' : stringToHex(plan),
    planAt: BigInt(size(stringToHex(event.slice(0, at)))),
  };
}

/** The book that an epoch ends with, as its journal's `closing` is the digest of. */
function closingBook(book: Hex): Hex {
  const { markets } = totalsOf(bytesOf(decodeBook(book).sums));
  return toHex(
    netBookBytes(markets.map(({ market, long, short, entry }) => ({ market, net: long - short, entry }))),
  );
}

/** Digest of an entry's leaf: the governor's word is for it. */
export function entryLeaf(receipt: TradeReceipt): Hex {
  return hexOf(journalLeafDigest(openedReceipt(receipt).leaf)) as Hex;
}
