import {
  type Address,
  type ContractFunctionArgs,
  decodeFunctionData,
  type Hex,
  hexToString,
  isAddressEqual,
  zeroAddress,
} from 'viem';
import { bytesOf, checkEntryEvent, type EntryKind, hexOf, netBookDigest, rowsOfBytes } from '#lib/commitment';
import { messageOf } from '#lib/errors';
import { priceStatement } from '#lib/proofs';
import { type AuditedChain, label } from './audit-chain.js';
import { decodeBook, positionsOf } from './book-commitment.js';
import { CASE_STATUS, challengeCase, challengeEvents, type ChallengeCase } from './challenge-cases.js';
import { contractArtifact, isCodeOf } from './contract-artifact.js';
import { publicValue } from './encoding.js';
import type { EntryGrounds } from './entry-grounds.js';
import { innerCall } from './inner-call.js';
import { type BoundJournal, isJudged, publishedJournals, type PublishedJournal } from './journals.js';
import { ANSWER, BINDING_ABI, CHALLENGES_ABI } from './oracle-abi.js';
import type { ChallengeOpening } from './premium-answer.js';
import type { PublishedEpoch } from './published-epoch.js';

/** A fault, and the block it is in. */
interface Failure {
  readonly block: number;
  readonly what: string;
}

/** Entries that the chain or a challenger has picked. */
interface AuditedCases {
  readonly picked: number;
  readonly answered: number;
  /** open, and not overdue */
  readonly open: number;
  /** one of their books has no position */
  readonly notProvable: number;
  /** entries that the governor has given its word for: they move the book without the model's premium */
  readonly allowed: number;
  readonly failures: readonly Failure[];
}

/** Journals of an oracle's epochs, and the picked entries. */
export interface AuditedTrades extends AuditedCases {
  /** changes of the pool's book in all journals */
  readonly entries: number;
  /** entries of journals whose epoch follows the bar before: nobody can judge the others */
  readonly judged: number;
  /** epochs with entries that nobody has drawn from yet */
  readonly notDrawn: readonly number[];
}

/** Audits the journals, the contracts where their entries are challenged, and every answer that these have taken. */
export async function auditJournals(
  chain: AuditedChain,
  epochs: ReadonlyMap<number, PublishedEpoch>,
): Promise<AuditedTrades> {
  const { client, oracle } = chain;
  const journals = await publishedJournals(client, oracle);
  const failures: Failure[] = [];
  let [entries, judged] = [0, 0];
  const notDrawn: number[] = [];
  const places = new Set<Address>();
  const { timestamp: now } = await client.getBlock({ blockTag: 'latest' });
  for (const [number, { journal, challenges, block }] of journals) {
    const fail = (what: string) => failures.push({ block, what: `journal of epoch ${number}: ${what}` });
    const epoch = epochs.get(number);
    if (epoch === undefined) fail('its epoch was not published');
    else for (const what of journalFailures(epoch, journal)) fail(what);
    entries += Number(journal.entries);
    if (!isJudged(journal, journals.get(number - 1)?.journal)) continue;
    judged += Number(journal.entries);
    if (!places.has(challenges)) for (const what of await placeFailures(chain, challenges)) fail(what);
    places.add(challenges);
    if (journal.entries === 0n || isAddressEqual(challenges, zeroAddress)) continue;
    const drawn = await client.readContract({
      ...{ address: challenges, abi: CHALLENGES_ABI, functionName: 'drawn', args: [journal.number] },
    });
    if (!drawn) notDrawn.push(number);
  }
  places.delete(zeroAddress);
  const cases: AuditedCases[] = [];
  for (const challenges of places) cases.push(await auditCases(chain, journals, challenges, now));
  const total = (field: 'picked' | 'answered' | 'open' | 'notProvable' | 'allowed') =>
    cases.reduce((sum, found) => sum + found[field], 0);
  return {
    ...{ entries, judged, picked: total('picked'), answered: total('answered'), open: total('open') },
    ...{ notProvable: total('notProvable'), allowed: total('allowed'), notDrawn },
    failures: [...failures, ...cases.flatMap((found) => found.failures)],
  };
}

/**
 * Audits the picked entries of one contract and the answers it has taken.
 *
 * @param now time of the chain's last block, seconds since 1970
 */
async function auditCases(
  chain: AuditedChain,
  journals: ReadonlyMap<number, PublishedJournal>,
  challenges: Address,
  now: bigint,
): Promise<AuditedCases> {
  const counts = { picked: 0, answered: 0, open: 0, notProvable: 0, allowed: 0 };
  const failures: Failure[] = [];
  for (const event of await challengeEvents(chain.client, challenges)) {
    const fail = (what: string) => failures.push({ block: Number(event.blockNumber), what });
    if (event.eventName === 'Picked') {
      counts.picked++;
      const { number, index } = event.args;
      const { status, due } = await challengeCase(chain.client, challenges, number, index);
      if (status === 'unanswered' || (status === 'open' && due < now))
        fail(`entry ${index} of epoch ${number} was not answered for in time`);
      else if (status === 'open') counts.open++;
    } else if (event.eventName === 'AnswerTaken') {
      const { number, index, digest } = event.args;
      const status = CASE_STATUS[event.args.status];
      if (status === 'not provable') counts.notProvable++;
      else counts.answered++;
      const answer = { transaction: event.transactionHash, digest, status };
      for (const what of await answerFailures(chain, journals.get(Number(number) - 1), answer))
        fail(`answer for entry ${index} of epoch ${number}: ${what}`);
    } else if (event.eventName === 'EntryAllowed') {
      counts.allowed++;
    } else if (event.eventName === 'DisputeBegun') {
      const { number, index } = event.args;
      fail(`the oracle is disputed since entry ${index} of epoch ${number}`);
    }
  }
  return { ...counts, failures };
}

/** Differences between the journal that was bound and what its epoch's call carries and proves. */
function journalFailures({ book, bars, bar }: PublishedEpoch, journal: BoundJournal): string[] {
  const failures: string[] = [];
  const check = (holds: boolean, what: string) => {
    if (!holds) failures.push(what);
  };
  const { journal: carried, sums } = decodeBook(book);
  check(journal.bar === bar, 'it is of another bar');
  check(
    journal.root === carried.root && Number(journal.entries) === carried.entries,
    'its root is not the one that the epoch carries',
  );
  const positions = [...positionsOf(sums)].map(([market, { net, entry }]) => ({
    market: label(market),
    net,
    entry,
  }));
  check(
    hexOf(netBookDigest(positions)) === journal.closing,
    'it does not end with the book that the epoch proves',
  );
  const one = bars.length === 1;
  check(
    journal.model === (one ? publicValue(bars[0], 'bar', 'modelCommitment') : 0n) &&
      journal.state === (one ? publicValue(bars[0], 'bar', 'nextStateCommitment') : 0n),
    'its model and state are not those that the epoch has ended in',
  );
  return failures;
}

/** Why a contract is not the one where challenges are judged. */
async function placeFailures({ client, oracle }: AuditedChain, challenges: Address): Promise<string[]> {
  if (isAddressEqual(challenges, zeroAddress))
    return ['nobody has opened challenges: its premia cannot be challenged'];
  const code = await client.getCode({ address: challenges });
  if (!isCodeOf(contractArtifact('PremiumChallenges'), code))
    return [`challenges at ${challenges} are not PremiumChallenges of this version`];
  const read = (functionName: 'oracle' | 'journals') =>
    client.readContract({ address: challenges, abi: CHALLENGES_ABI, functionName });
  const [of, binding] = [await read('oracle'), await read('journals')];
  const kept = await client.readContract({
    ...{ address: binding, abi: BINDING_ABI, functionName: 'challengesOf', args: [oracle] },
  });
  return isAddressEqual(of, oracle) && isAddressEqual(kept, challenges)
    ? []
    : [`challenges at ${challenges} are of another oracle`];
}

/** Why an answer that was taken does not hold: its proof is verified again. */
async function answerFailures(
  chain: AuditedChain,
  previous: PublishedJournal | undefined,
  {
    transaction,
    digest,
    status,
  }: { readonly transaction: Hex; readonly digest: Hex } & Pick<ChallengeCase, 'status'>,
): Promise<string[]> {
  const { input } = await chain.client.getTransaction({ hash: transaction });
  const data = innerCall(input, ANSWER, digest);
  if (data === undefined) return [`transaction ${transaction} does not carry the answer that was taken`];
  const { args } = decodeFunctionData({ abi: CHALLENGES_ABI, data });
  const [, , , opening, given] = args as unknown as ContractFunctionArgs<
    typeof CHALLENGES_ABI,
    'nonpayable',
    'answer'
  >;
  const failures = eventFailures(opening, given.grounds);
  if (status === 'not provable' || opening.terms.kind === 0) return failures;
  const { values, reasons } = await chain.verify(priceStatement, given);
  failures.push(...reasons);
  if (values === undefined) return failures;
  const { model, state } = values.commitments;
  if (model !== previous?.journal.model || state !== previous.journal.state)
    failures.push('its proof is not of the model and state that its trade was priced on');
  return failures;
}

/** Why an answer's event does not make its entry's change of the book. */
function eventFailures(opening: ChallengeOpening, { text, salt }: EntryGrounds): string[] {
  if (text === '0x') return [];
  const { rows, terms, content } = opening;
  try {
    checkEntryEvent(hexToString(text), bytesOf(salt), {
      ...{ rows: rowsOfBytes(bytesOf(rows)), content: bytesOf(content) },
      terms: { ...terms, time: Number(terms.time), kind: terms.kind as EntryKind },
    });
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}
