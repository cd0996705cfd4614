import { type Address, isAddressEqual, zeroAddress } from 'viem';
import type { ChainClient } from './chain-client.js';
import type { PublishedJournal } from './journals.js';
import { logRanges } from './log-ranges.js';
import { CHALLENGES_ABI } from './oracle-abi.js';

/** States of a journal's entry, in the order of `PremiumChallenges.Status`. */
export const CASE_STATUS = ['not picked', 'open', 'answered', 'not provable', 'unanswered'] as const;

/** State of a journal's entry at the contract where it is challenged. */
export interface ChallengeCase {
  readonly status: (typeof CASE_STATUS)[number];
  /** seconds since 1970 until which the operator can answer */
  readonly due: bigint;
}

/** An entry that waits for an answer. */
export interface OpenCase {
  readonly number: bigint;
  readonly index: bigint;
  readonly due: bigint;
}

/** Contracts where entries of these journals are challenged. */
export function challengePlaces(journals: ReadonlyMap<number, PublishedJournal>): Set<Address> {
  return new Set(
    [...journals.values()]
      .map(({ challenges }) => challenges)
      .filter((address) => !isAddressEqual(address, zeroAddress)),
  );
}

/** @param number of the epoch; index of the entry in its journal */
export async function challengeCase(
  client: ChainClient,
  challenges: Address,
  number: bigint,
  index: bigint,
): Promise<ChallengeCase> {
  const [status, due] = await client.readContract({
    ...{ address: challenges, abi: CHALLENGES_ABI, functionName: 'cases', args: [number, index] },
  });
  return { status: CASE_STATUS[status], due };
}

/** Events of a contract where entries are challenged, in the order of the chain. */
export async function challengeEvents(client: ChainClient, challenges: Address) {
  const found = [];
  for (const range of logRanges(await client.getBlockNumber()))
    found.push(
      ...(await client.getContractEvents({
        ...{ address: challenges, abi: CHALLENGES_ABI, strict: true, ...range },
      })),
    );
  return found;
}

/** Entries that wait for an answer. */
export async function openCases(client: ChainClient, challenges: Address): Promise<OpenCase[]> {
  const open: OpenCase[] = [];
  for (const event of await challengeEvents(client, challenges)) {
    if (event.eventName !== 'Picked') continue;
    const { number, index } = event.args;
    const { status, due } = await challengeCase(client, challenges, number, index);
    if (status === 'open') open.push({ number, index, due });
  }
  return open;
}
