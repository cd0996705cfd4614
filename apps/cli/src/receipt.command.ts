import { encodeFunctionData } from 'viem';
import {
  type BoundJournal,
  chainClient,
  challengeCase,
  type ChallengeCase,
  challengePlaces,
  CHALLENGES_ABI,
  isJudged,
  journalOfBar,
  openCases,
  publishedJournals,
  requireChallenges,
  Transactor,
} from '#lib/chain';
import { type CheckedReceipt, checkTradeReceipt, tradeReceiptSchema } from '#lib/commitment';
import { formatMoney } from '#lib/amounts';
import { parseInput } from '#lib/errors';
import { UsageError } from '#lib/terminal';
import { type ChainOptions, chainOf } from './chain-options.js';
import { readJson } from './read-json.js';
import { signer } from './signer.js';

/** Findings about a receipt. */
export interface ReceiptFound {
  readonly barEnd: string;
  readonly root: string;
  readonly index: number;
  readonly entries: number;
  /** epoch and block that the journal was bound with; null where the root was given */
  readonly epoch: { readonly number: number; readonly block: number } | null;
  /** whether its premium can be challenged: the epoch before is of the bar before; null where the root was given */
  readonly judged: boolean | null;
  /** its state at the contract where it is challenged; null where the root was given */
  readonly status: ChallengeCase['status'] | null;
  readonly event: object | null;
  readonly premium: string;
  readonly charged: string;
}

/**
 * Checks a trade's receipt against the journal that a chain has of its epoch.
 *
 * @throws {NotIncludedError} where it is not in it, or where its amounts are not those of its event
 * @throws {ChainError} where the chain has no journal of that bar
 */
export async function checkReceiptCommand(
  file: string,
  options: ChainOptions & { readonly root?: string },
): Promise<ReceiptFound> {
  const receipt = parseInput(tradeReceiptSchema, readJson(file), file);
  if (options.root !== undefined)
    return {
      ...receiptText(checkTradeReceipt(receipt, options.root)),
      epoch: null,
      judged: null,
      status: null,
    };
  const { rpcUrl, oracle } = chainOf(options);
  const client = chainClient(rpcUrl);
  const { published, previous } = await journalOfBar(client, oracle, receipt.barEnd);
  const { journal, challenges, block } = published;
  const checked = checkTradeReceipt(receipt, journal.root);
  requireEnds(checked, journal, previous?.journal);
  const { status } = await challengeCase(client, challenges, journal.number, BigInt(checked.index));
  return {
    ...receiptText(checked),
    epoch: { number: Number(journal.number), block },
    judged: isJudged(journal, previous?.journal),
    status,
  };
}

function receiptText({ barEnd, root, index, entries, event, premium, charged }: CheckedReceipt) {
  return {
    ...{ barEnd, root, index, entries, event },
    ...{ premium: formatMoney(premium), charged: formatMoney(charged) },
  };
}

/** @throws {UsageError} where the receipt's journal does not begin and end with the books that the chain has */
function requireEnds(
  { index, entries, before, after }: CheckedReceipt,
  journal: BoundJournal,
  previous: BoundJournal | undefined,
): void {
  if (BigInt(entries) !== journal.entries)
    throw new UsageError(
      `the receipt is of a journal of ${entries} entries, the chain has ${journal.entries}`,
    );
  if (index === 0 && isJudged(journal, previous) && previous.closing !== before)
    throw new UsageError('the first entry does not begin with the book that the epoch before has proven');
  if (index === entries - 1 && journal.closing !== after)
    throw new UsageError('the last entry does not end with the book that its epoch has proven');
}

export interface ChallengeOptions extends ChainOptions {
  /** end of the bar, ISO time, and the entry: instead of a receipt */
  readonly bar?: string;
  readonly index?: number;
}

/** A challenge that was made. */
export interface Challenged {
  readonly epoch: number;
  readonly index: number;
  /** ISO time until which the operator has to answer */
  readonly due: string;
  /** bond, in 10^−18 of the chain's money */
  readonly bond: string;
}

/**
 * Challenges the premium of a trade for a bond. Where nobody answers in time the bond comes back with as much of the operator's
 * stake. The challenger's key signs.
 *
 * @throws {ChainError} with the contract's own error where it is refused
 * @throws {UsageError} where neither a receipt nor an entry is named, or the entry cannot be judged
 */
export async function challengeCommand(
  file: string | undefined,
  options: ChallengeOptions,
): Promise<Challenged> {
  const { barEnd, index } = entryOf(file, options);
  const { rpcUrl, oracle } = chainOf(options);
  const transactor = new Transactor(rpcUrl, signer());
  const { client } = transactor;
  const { published, previous } = await journalOfBar(client, oracle, barEnd);
  const { journal } = published;
  const before = previous?.journal;
  if (!isJudged(journal, before))
    throw new UsageError(
      `epoch ${journal.number} cannot be judged: the epoch before is not of the bar before, or its model is in two parts`,
    );
  const address = requireChallenges(published);
  const bond = await client.readContract({ address, abi: CHALLENGES_ABI, functionName: 'BOND' });
  const data = encodeFunctionData({
    ...{ abi: CHALLENGES_ABI, functionName: 'challenge', args: [journal, before, BigInt(index)] },
  });
  await transactor.invoke(address, data, bond);
  const { due } = await challengeCase(client, address, journal.number, BigInt(index));
  return {
    ...{ epoch: Number(journal.number), index, bond: String(bond) },
    due: new Date(Number(due) * 1000).toISOString(),
  };
}

function entryOf(
  file: string | undefined,
  { bar, index }: ChallengeOptions,
): { barEnd: string; index: number } {
  if (file !== undefined) return parseInput(tradeReceiptSchema, readJson(file), file);
  if (bar === undefined || index === undefined)
    throw new UsageError('a receipt, or --bar and --index, says which entry is challenged');
  return { barEnd: bar, index };
}

/** Lapses every challenge whose answer is overdue, and collects the signer's bonds and rewards. */
export async function lapseCommand(
  options: ChainOptions,
): Promise<{ lapsed: readonly string[]; collected: string }> {
  const { rpcUrl, oracle } = chainOf(options);
  const transactor = new Transactor(rpcUrl, signer());
  const { client } = transactor;
  const { timestamp } = await client.getBlock({ blockTag: 'latest' });
  const lapsed: string[] = [];
  let collected = 0n;
  for (const address of challengePlaces(await publishedJournals(client, oracle))) {
    for (const { number, index, due } of await openCases(client, address)) {
      if (due >= timestamp) continue;
      const args = [number, index] as const;
      await transactor.invoke(
        address,
        encodeFunctionData({ abi: CHALLENGES_ABI, functionName: 'lapse', args }),
      );
      lapsed.push(`entry ${index} of epoch ${number}`);
    }
    const account = [transactor.account.address] as const;
    const owed = await client.readContract({
      address,
      abi: CHALLENGES_ABI,
      functionName: 'owed',
      args: account,
    });
    if (owed === 0n) continue;
    await transactor.invoke(
      address,
      encodeFunctionData({ abi: CHALLENGES_ABI, functionName: 'collect', args: account }),
    );
    collected += owed;
  }
  return { lapsed, collected: String(collected) };
}
