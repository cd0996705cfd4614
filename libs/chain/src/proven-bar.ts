import type { Address, ContractFunctionArgs, Hex } from 'viem';
import type { ChainClient } from './chain-client.js';
import { publicValue } from './encoding.js';
import { ChainError } from './errors.js';
import { LOG_RANGE } from './log-ranges.js';
import { type ATTESTOR_ABI, ORACLE_ABI } from './oracle-abi.js';
import { publishedEpoch, type PublishedEpoch } from './published-epoch.js';

/** An epoch's proven values by market, whose digest the oracle keeps. */
export type ProvenBar = ContractFunctionArgs<typeof ATTESTOR_ABI, 'nonpayable', 'attestLiquidation'>[1];

/** κ among the terms of a bar's public book. */
const TAIL_FACTOR = 5;

/**
 * The proven values of an epoch's bar.
 *
 * @param parts markets of each part of the model, in the order of its proofs
 */
export function provenBar(
  { number, bar, bars }: Pick<PublishedEpoch, 'number' | 'bar' | 'bars'>,
  barSeconds: number,
  parts: readonly (readonly Hex[])[],
): ProvenBar {
  return {
    ...{ number, bar, barSeconds },
    tailFactor: publicValue(bars[0], 'bar', 'publicBook', TAIL_FACTOR),
    markets: parts.flat(),
    variances: parts.flatMap((markets, p) =>
      markets.map((_, i) => publicValue(bars[p], 'bar', 'variances', i)),
    ),
  };
}

/**
 * The bar that an oracle has taken last, from the call that published it: markets of the model in force, variances and κ as they were
 * proven.
 *
 * @throws {ChainError} where there is none, it is of another model, or the node has no such transaction
 */
export async function lastProvenBar(client: ChainClient, oracle: Address): Promise<ProvenBar> {
  const at = { address: oracle, abi: ORACLE_ABI } as const;
  const [last] = await client.readContract({ ...at, functionName: 'measure' });
  if (last.number === 0n) throw new ChainError(`the oracle ${oracle} has taken no epoch yet`);
  const { parts, barSeconds } = await client.readContract({ ...at, functionName: 'model' });
  for (let toBlock = await client.getBlockNumber(); ; toBlock -= LOG_RANGE) {
    if (toBlock < 0n) throw new ChainError(`the node has no event of epoch ${last.number}`);
    const fromBlock = toBlock < LOG_RANGE ? 0n : toBlock - LOG_RANGE + 1n;
    const events = await client.getContractEvents({
      ...{ ...at, eventName: 'EpochPublished', args: { number: last.number }, fromBlock, toBlock },
    });
    const published = events.at(0);
    if (published === undefined) continue;
    const epoch = await publishedEpoch(client, published.transactionHash, published.args.digest!);
    if (epoch.bars.length !== parts.length)
      throw new ChainError(`epoch ${last.number} is of another model than the one in force`);
    return provenBar(
      epoch,
      barSeconds,
      parts.map(({ markets }) => markets),
    );
  }
}
