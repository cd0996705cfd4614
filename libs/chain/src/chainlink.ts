import {
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  type Hex,
  parseAbi,
  zeroAddress,
} from 'viem';
import type { ChainClient } from './chain-client.js';
import { marketBytes } from './encoding.js';
import { ChainError } from './errors.js';

export const CHAINLINK_SOURCE_ABI = parseAbi([
  'struct FeedTerms { bytes32 market; address aggregator; uint32 heartbeat; }',
  'constructor(address admin, address governor, address guardian, uint32 delay, FeedTerms[] initial)',
  'function feeds(bytes32 market) view returns (address aggregator, uint8 decimals, uint32 heartbeat)',
  'function record(bytes32 market, uint64 bar, uint80 round)',
  'function multicall(bytes[] data) returns (bytes[] results)',
  'function priceAt(bytes32 market, uint64 bar) view returns (uint256 price)',
  'event PriceRecorded(bytes32 indexed market, uint64 indexed bar, uint80 round, uint256 price)',
]);

const AGGREGATOR_ABI = parseAbi([
  'function latestRoundData() view returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)',
  'function getRoundData(uint80 roundId) view returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)',
]);

const PHASE_BITS = 64n;
const ROUND_MASK = (1n << PHASE_BITS) - 1n;

/**
 * The round of a Chainlink proxy that was in force at a bar's end: the last one at or before it, in the newest phase that had
 * begun by then. Binary search within the phase: O(log rounds) reads.
 *
 * @param bar end of the bar, seconds since 1970
 * @throws {ChainError} where the feed had no answer yet
 */
export async function roundAt(client: ChainClient, aggregator: Address, bar: bigint): Promise<bigint> {
  const contract = { address: aggregator, abi: AGGREGATOR_ABI } as const;
  const [latest] = await client.readContract({ ...contract, functionName: 'latestRoundData' });
  /** when a round was answered; undefined where there is none */
  const updatedAt = async (round: bigint): Promise<bigint | undefined> => {
    try {
      const [, , , updated] = await client.readContract({
        ...contract,
        functionName: 'getRoundData',
        args: [round],
      });
      return updated === 0n ? undefined : updated;
    } catch (error) {
      const reverted =
        error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError);
      if (reverted) return undefined;
      throw error;
    }
  };
  const isBefore = async (round: bigint) => {
    const updated = await updatedAt(round);
    return updated !== undefined && updated <= bar;
  };
  for (let phase = latest >> PHASE_BITS; phase >= 0n; phase--) {
    const base = phase << PHASE_BITS;
    if (!(await isBefore(base | 1n))) continue;
    // Rounds of a phase are numbered without gaps, their times do not fall: double until one is later or missing, then halve.
    let low = 1n;
    let high = 2n;
    const end = phase === latest >> PHASE_BITS ? (latest & ROUND_MASK) + 1n : ROUND_MASK;
    while (high < end && (await isBefore(base | high))) [low, high] = [high, 2n * high];
    if (high > end) high = end;
    while (high - low > 1n) {
      const middle = (low + high) / 2n;
      if (await isBefore(base | middle)) low = middle;
      else high = middle;
    }
    return base | low;
  }
  throw new ChainError(`the feed ${aggregator} had no answer at ${bar}`);
}

/**
 * Arguments of ChainlinkPriceSource.record for markets at a bar.
 *
 * @throws {ChainError} where a market has no feed, or its feed had no answer yet
 */
export async function roundsOf(
  client: ChainClient,
  source: Address,
  markets: readonly string[],
  bar: bigint,
): Promise<(readonly [market: Hex, bar: bigint, round: bigint])[]> {
  return Promise.all(
    markets.map(async (market) => {
      const name = marketBytes(market);
      const [aggregator] = await client.readContract({
        ...{ address: source, abi: CHAINLINK_SOURCE_ABI, functionName: 'feeds' },
        args: [name],
      });
      if (aggregator === zeroAddress)
        throw new ChainError(`the price source ${source} has no feed of ${market}`);
      return [name, bar, await roundAt(client, aggregator, bar)] as const;
    }),
  );
}
