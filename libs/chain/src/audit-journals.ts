import {
  type Address,
  type ContractFunctionArgs,
  decodeFunctionData,
  type Hex,
  isAddressEqual,
  zeroAddress,
} from 'viem';
import { hexOf, netBookDigest } from '#lib/commitment';
import { priceStatement } from '#lib/proofs';
import { type AuditedChain, label, type PublishedEpoch } from './audit-chain.js';
import { decodeBook, positionsOf } from './book-commitment.js';
import { contractArtifact, isCodeOf } from './contract-artifact.js';
import { publicValue } from './encoding.js';
import { innerCall } from './inner-call.js';
import { type BoundJournal, isJudged, publishedJournals, type PublishedJournal } from './journals.js';
import { ANSWER, BINDING_ABI, CHALLENGES_ABI } from './oracle-abi.js';

/** Entries that the chain or a challenger has picked. */
export interface AuditedTrades {
  /** changes of the pool's book in all journals */
  readonly entries: number;
  /** of them in journals whose epoch follows the bar before: the others nobody can judge */
  readonly judged: number;
  readonly picked: number;
  readonly answered: number;
  /** open, and not overdue */
  readonly open: number;
  /** one of their books has no position */
  readonly notProvable: number;
  /** epochs with entries that nobody has drawn from yet */
  readonly notDrawn: readonly number[];
  readonly failures: readonly { readonly block: number; readonly what: string }[];
}

const STATUS = { open: 1, answered: 2, notProvable: 3, unanswered: 4 } as const;

/** Journals, what was picked of them, and whether each answer that was taken holds. */
export async function auditJournals(
  chain: AuditedChain,
  epochs: ReadonlyMap<number, PublishedEpoch>,
): Promise<AuditedTrades> {
  const { client, oracle } = chain;
  const journals = await publishedJournals(client, oracle);
  const failures: { block: number; what: string }[] = [];
  let [entries, judged] = [0, 0];
  const notDrawn: number[] = [];
  const places = new Set<Address>();
  const { timestamp: now } = await client.getBlock({ blockTag: 'latest' });
  for (const [number, published] of journals) {
    const { journal, challenges, block } = published;
    const fail = (what: string) => failures.push({ block, what: `journal of epoch ${number}: ${what}` });
    const epoch = epochs.get(number);
    if (epoch === undefined) fail('its epoch was not published');
    else for (const what of journalFailures(epoch, journal)) fail(what);
    entries += Number(journal.entries);
    if (!isJudged(journal, journals.get(number - 1)?.journal)) continue;
    judged += Number(journal.entries);
    if (isAddressEqual(challenges, zeroAddress)) {
      if (!places.has(challenges)) fail('nobody has opened challenges: its premia cannot be challenged');
      places.add(challenges);
      continue;
    }
    if (!places.has(challenges)) for (const what of await placeFailures(chain, challenges)) fail(what);
    places.add(challenges);
    const drawn = await client.readContract({
      ...{ address: challenges, abi: CHALLENGES_ABI, functionName: 'drawn', args: [journal.number] },
    });
    if (!drawn && journal.entries > 0n) notDrawn.push(number);
  }
  const counts = { picked: 0, answered: 0, open: 0, notProvable: 0 };
  for (const challenges of places) {
    if (isAddressEqual(challenges, zeroAddress)) continue;
    const events = await client.getContractEvents({
      ...{ address: challenges, abi: CHALLENGES_ABI, fromBlock: 0n, strict: true },
    });
    for (const event of events) {
      const block = Number(event.blockNumber);
      if (event.eventName === 'Picked') {
        counts.picked++;
        const { number, index } = event.args;
        const [status, due] = await client.readContract({
          ...{ address: challenges, abi: CHALLENGES_ABI, functionName: 'cases', args: [number, index] },
        });
        const what = `entry ${index} of epoch ${number}`;
        if (status === STATUS.open && due < now)
          failures.push({ block, what: `${what} was not answered for in time` });
        else if (status === STATUS.open) counts.open++;
        else if (status === STATUS.unanswered)
          failures.push({ block, what: `${what} was not answered for in time` });
      } else if (event.eventName === 'AnswerTaken') {
        const { number, index, status, digest } = event.args;
        if (status === STATUS.notProvable) counts.notProvable++;
        else counts.answered++;
        const previous = journals.get(Number(number) - 1);
        for (const what of await answerFailures(chain, previous, {
          transaction: event.transactionHash,
          digest,
          status,
        }))
          failures.push({ block, what: `answer for entry ${index} of epoch ${number}: ${what}` });
      } else if (event.eventName === 'DisputeBegun') {
        const { number, index } = event.args;
        failures.push({ block, what: `the oracle is disputed since entry ${index} of epoch ${number}` });
      }
    }
  }
  return { entries, judged, ...counts, notDrawn, failures };
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
  }: { readonly transaction: Hex; readonly digest: Hex; readonly status: number },
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
  if (status === STATUS.notProvable || opening.terms.kind === 0) return [];
  const { values, reasons } = await chain.verify(priceStatement, given);
  const failures = [...reasons];
  if (values === undefined) return failures;
  if (
    values.commitments.model !== previous?.journal.model ||
    values.commitments.state !== previous.journal.state
  )
    failures.push('its proof is not of the model and state that its trade was priced on');
  return failures;
}
