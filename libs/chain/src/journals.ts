import { type Address, type ContractFunctionArgs, type Hex, isAddressEqual, zeroAddress } from 'viem';
import type { ChainClient } from './chain-client.js';
import { ChainError } from './errors.js';
import { logRanges } from './log-ranges.js';
import { BINDING_ABI, type CHALLENGES_ABI, ORACLE_ABI } from './oracle-abi.js';
import { type ProvenBar, provenBar } from './proven-bar.js';
import { publishedEpoch } from './published-epoch.js';

/** An epoch's journal as it was bound: challenges pass it on. */
export type BoundJournal = ContractFunctionArgs<typeof CHALLENGES_ABI, 'nonpayable', 'answer'>[0];

/** An epoch with its journal, and where its entries are challenged. */
export interface PublishedJournal {
  readonly journal: BoundJournal;
  readonly block: number;
  /** the zero address where nobody has opened it */
  readonly challenges: Address;
  readonly publication: { readonly transaction: Hex; readonly digest: Hex };
  /** markets of the model in force, in the order of its proofs */
  readonly markets: readonly Hex[];
}

/**
 * The journals that an oracle's epochs were bound with, by number. Only events of the contract that binds the oracle's books
 * count.
 */
export async function publishedJournals(
  client: ChainClient,
  oracle: Address,
): Promise<Map<number, PublishedJournal>> {
  const found = new Map<number, PublishedJournal>();
  let binding: Address = zeroAddress;
  let markets: readonly Hex[] = [];
  const bound = new Map<string, BoundJournal>();
  const opened = new Map<Address, Address>();
  for (const range of logRanges(await client.getBlockNumber())) {
    const bindings = await client.getContractEvents({
      ...{ abi: BINDING_ABI, eventName: 'JournalBound', args: { oracle }, strict: true, ...range },
    });
    for (const { address, args, transactionHash } of bindings)
      bound.set(keyOf(address, args.number, transactionHash), args.journal);
    const logs = await client.getContractEvents({ address: oracle, abi: ORACLE_ABI, strict: true, ...range });
    for (const event of logs) {
      if (event.eventName === 'BindingInstalled') binding = event.args.binding;
      else if (event.eventName === 'ModelInstalled')
        markets = event.args.model.parts.flatMap((part) => part.markets);
      else if (event.eventName === 'EpochPublished') {
        const { transactionHash: transaction, blockNumber } = event;
        const { number, digest } = event.args;
        const journal = bound.get(keyOf(binding, number, transaction));
        if (journal === undefined) continue;
        const challenges = opened.get(binding) ?? (await challengesOf(client, binding, oracle));
        opened.set(binding, challenges);
        found.set(Number(number), {
          ...{ journal, challenges, markets, block: Number(blockNumber) },
          publication: { transaction, digest },
        });
      }
    }
  }
  return found;
}

const keyOf = (binding: Address, number: bigint, transaction: Hex) =>
  `${binding.toLowerCase()}/${number}/${transaction}`;

function challengesOf(client: ChainClient, binding: Address, oracle: Address): Promise<Address> {
  return client.readContract({
    ...{ address: binding, abi: BINDING_ABI, functionName: 'challengesOf', args: [oracle] },
  });
}

/**
 * The journal of a bar's epoch, and of the epoch before.
 *
 * @param barEnd ISO time
 * @throws {ChainError} where no epoch of the bar was published with a journal
 */
export async function journalOfBar(
  client: ChainClient,
  oracle: Address,
  barEnd: string,
): Promise<{ readonly published: PublishedJournal; readonly previous: PublishedJournal | undefined }> {
  const journals = await publishedJournals(client, oracle);
  const bar = BigInt(Date.parse(barEnd)) / 1000n;
  const published = [...journals.values()].find(({ journal }) => journal.bar === bar);
  if (published === undefined)
    throw new ChainError(`no epoch of the bar that ended at ${barEnd} has a journal on the chain`);
  return { published, previous: journals.get(Number(published.journal.number) - 1) };
}

/** @throws {ChainError} where nobody has opened challenges */
export function requireChallenges({ challenges }: PublishedJournal): Address {
  if (isAddressEqual(challenges, zeroAddress))
    throw new ChainError('nobody has opened challenges at the contract that binds books');
  return challenges;
}

/** Whether trades of a journal can be judged: the epoch before is of the bar before, and one proof holds all markets. */
export function isJudged(
  journal: BoundJournal,
  previous: BoundJournal | undefined,
): previous is BoundJournal {
  return (
    previous !== undefined &&
    previous.bar + BigInt(journal.barSeconds) === journal.bar &&
    previous.number + 1n === journal.number &&
    previous.model !== 0n
  );
}

/** The proven values of a journal's epoch, read from the transaction that has published it: of a model in one part. */
export async function provenBarOf(
  client: ChainClient,
  { journal, publication, markets }: PublishedJournal,
): Promise<ProvenBar> {
  const epoch = await publishedEpoch(client, publication.transaction, publication.digest);
  return provenBar(epoch, journal.barSeconds, [markets]);
}
