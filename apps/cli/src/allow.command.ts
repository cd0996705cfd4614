import { encodeFunctionData, type Hex } from 'viem';
import {
  CHALLENGES_ABI,
  chainClient,
  entryLeaf,
  journalOfBar,
  needsGrounds,
  requireChallenges,
  Transactor,
} from '#lib/chain';
import { checkTradeReceipt } from '#lib/commitment';
import { InvalidInputError } from '#lib/errors';
import { type ChainOptions, chainOf } from './chain-options.js';
import { engineEntry } from './engine-entry.js';
import { signer } from './signer.js';

export interface AllowOptions extends ChainOptions {
  readonly engine: string;
  readonly apiKey?: string;
  /** end of the journal's bar, ISO time */
  readonly bar: string;
  readonly index: number;
  /** the leaf that the governor has seen; without it the entry is shown, and nothing is sent */
  readonly leaf?: string;
}

/** An entry that waits for the governor's word, or has it. */
export interface Allowed {
  readonly epoch: number;
  readonly index: number;
  readonly leaf: Hex;
  readonly event: object | null;
  /** whether its answer needs grounds at all */
  readonly needed: boolean;
  readonly allowed: boolean;
}

/**
 * Shows an entry of a journal with its event, and gives the governor's word for it: it moves the pool's book without the model's
 * premium, for a reason that no contract can judge. Signed by the governor's key.
 *
 * @throws {NotIncludedError} where the entry is not in the journal that the chain has, or is not what its event says
 * @throws {InvalidInputError} where the entry has another leaf than the governor has seen
 */
export async function allowEntryCommand(options: AllowOptions): Promise<Allowed> {
  const { rpcUrl, oracle } = chainOf(options);
  const { published } = await journalOfBar(chainClient(rpcUrl), oracle, options.bar);
  const { journal } = published;
  const receipt = await engineEntry(options, options.bar, options.index, '/opening');
  const { event, index } = checkTradeReceipt(receipt, journal.root);
  if (index !== options.index) throw new InvalidInputError('index', `the engine has answered with ${index}`);
  const leaf = entryLeaf(receipt);
  const found = { epoch: Number(journal.number), index, leaf, event, needed: needsGrounds(receipt) };
  if (options.leaf === undefined) return { ...found, allowed: false };
  if (options.leaf.toLowerCase() !== leaf)
    throw new InvalidInputError('leaf', `is not the entry’s, which is ${leaf}`);
  await new Transactor(rpcUrl, signer()).invoke(
    requireChallenges(published),
    encodeFunctionData({
      ...{ abi: CHALLENGES_ABI, functionName: 'allow', args: [journal.number, BigInt(index), leaf] },
    }),
  );
  return { ...found, allowed: true };
}
