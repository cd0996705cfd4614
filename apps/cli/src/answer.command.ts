import { type Address, encodeFunctionData } from 'viem';
import {
  blockHeader,
  chainProof,
  type ChainProof,
  CHALLENGES_ABI,
  challengeOpening,
  challengePlaces,
  entryGrounds,
  type EntryGrounds,
  isJudged,
  marketName,
  needsGrounds,
  NO_GROUNDS,
  openCases,
  premiumStatement,
  provenBarOf,
  publishedJournals,
  type PublishedJournal,
  requireChallenges,
  Transactor,
} from '#lib/chain';
import type { TradeReceipt } from '#lib/commitment';
import { messageOf } from '#lib/errors';
import { barStatement, createProver, priceStatement, type Prover } from '#lib/proofs';
import { type ChainOptions, chainOf } from './chain-options.js';
import { engineAnswer } from './engine-answer.js';
import { engineEntry } from './engine-entry.js';
import { signer } from './signer.js';

export interface AnswerOptions extends ChainOptions {
  readonly engine: string;
  readonly apiKey?: string;
  /** added to the stake first, in 10^−18 of the chain's money */
  readonly fund?: string;
}

/** Results for the picked entries. */
export interface Answered {
  /** epochs of which the chain has picked entries now */
  readonly drawn: readonly number[];
  readonly answered: readonly string[];
  /** entries that could not be answered for, and why */
  readonly failed: readonly { readonly entry: string; readonly reason: string }[];
}

const NO_ANSWER: ChainProof = { proof: '0x', instances: [] };

/**
 * Has the chain pick entries of the epochs, and answers every open one with its opening, which the engine serves, and a proof of its
 * premium. The operator runs it beside the engine; the signing key needs no role.
 */
export async function answerCommand(options: AnswerOptions): Promise<Answered> {
  const { rpcUrl, oracle } = chainOf(options);
  const transactor = new Transactor(rpcUrl, signer());
  const prover = createProver();
  try {
    const answering = new Answering(transactor, oracle, prover, options);
    return await answering.run();
  } finally {
    await prover.close();
  }
}

class Answering {
  constructor(
    private readonly transactor: Transactor,
    private readonly oracle: Address,
    private readonly prover: Prover,
    private readonly options: Pick<AnswerOptions, 'engine' | 'apiKey' | 'fund'>,
  ) {}

  async run(): Promise<Answered> {
    const { client } = this.transactor;
    const journals = await publishedJournals(client, this.oracle);
    const drawn: number[] = [];
    for (const number of journals.keys()) if (await this.draw(journals, number)) drawn.push(number);
    const answered: string[] = [];
    const failed: { entry: string; reason: string }[] = [];
    for (const place of challengePlaces(journals)) {
      if (this.options.fund !== undefined)
        await this.transactor.invoke(
          place,
          encodeFunctionData({ abi: CHALLENGES_ABI, functionName: 'fund' }),
          BigInt(this.options.fund),
        );
      for (const { number, index } of await openCases(client, place)) {
        const entry = `entry ${index} of epoch ${number}`;
        try {
          await this.answer(journals, Number(number), Number(index));
          answered.push(entry);
        } catch (error) {
          failed.push({ entry, reason: messageOf(error) });
        }
      }
    }
    return { drawn, answered, failed };
  }

  /** Has the chain pick entries of an epoch, where its block is there and can be seen. */
  private async draw(journals: ReadonlyMap<number, PublishedJournal>, number: number): Promise<boolean> {
    const { client } = this.transactor;
    const published = journals.get(number)!;
    const previous = journals.get(number - 1)?.journal;
    const { journal } = published;
    if (journal.entries === 0n || !isJudged(journal, previous)) return false;
    const contract = { address: requireChallenges(published), abi: CHALLENGES_ABI } as const;
    if (await client.readContract({ ...contract, functionName: 'drawn', args: [journal.number] }))
      return false;
    const at = await client.readContract({ ...contract, functionName: 'drawnBy', args: [journal] });
    const head = await client.getBlockNumber();
    if (head <= at) return false;
    // Blocks whose hash a contract cannot see any more name another one.
    const passed = head >= at + 256n;
    const data = passed
      ? encodeFunctionData({ abi: CHALLENGES_ABI, functionName: 'postpone', args: [journal] })
      : encodeFunctionData({
          abi: CHALLENGES_ABI,
          functionName: 'draw',
          args: [journal, previous, await blockHeader(client, at)],
        });
    await this.transactor.invoke(contract.address, data);
    return !passed;
  }

  private async answer(
    journals: ReadonlyMap<number, PublishedJournal>,
    number: number,
    index: number,
  ): Promise<void> {
    const published = journals.get(number)!;
    const previous = journals.get(number - 1)!;
    const { journal } = published;
    const barEnd = new Date(Number(journal.bar) * 1000).toISOString();
    const receipt = await engineEntry(this.options, barEnd, index);
    const grounds = await this.grounds(published, receipt);
    const { places, unit, proof } = await this.proof(previous, receipt);
    const bar = await provenBarOf(this.transactor.client, previous);
    const given = { bar, places, unit, ...proof, grounds };
    const args = [journal, previous.journal, BigInt(index), challengeOpening(receipt), given] as const;
    await this.transactor.invoke(
      requireChallenges(published),
      encodeFunctionData({ abi: CHALLENGES_ABI, functionName: 'answer', args }),
    );
  }

  /** The event of an entry that moves the book without the model's premium: the chain sees it. */
  private async grounds(published: PublishedJournal, receipt: TradeReceipt): Promise<EntryGrounds> {
    if (!needsGrounds(receipt)) return NO_GROUNDS;
    const opening = await engineEntry(this.options, receipt.barEnd, receipt.index, '/opening');
    return entryGrounds(this.transactor.client, published, opening);
  }

  /** The proof of an entry's premium; none where it has no premium or is no statement. */
  private async proof(
    { journal, markets }: PublishedJournal,
    receipt: TradeReceipt,
  ): Promise<{ places: `0x${string}`; unit: bigint; proof: ChainProof }> {
    const none = { places: '0x', unit: 0n, proof: NO_ANSWER } as const;
    const open = (side: 'before' | 'after') => receipt.rows.some((row) => row[side].net !== '0');
    if (receipt.terms.kind === 0 || !open('before') || !open('after')) return none;
    const job = `epoch-${journal.bar * 1000n}-bar-0`;
    const bar = barStatement.parse(await this.engine(`/v1/proofs/${job}/input`));
    const { input, places, unit } = premiumStatement(bar, markets.map(marketName), receipt);
    return { places, unit, proof: chainProof(await this.prover.prove(priceStatement, input)) };
  }

  private engine(path: string): Promise<unknown> {
    return engineAnswer(this.options.engine, path, this.options);
  }
}
