import { type Address, type Hex, zeroAddress } from 'viem';
import type { ChainClient } from './chain-client.js';
import { ChainError } from './errors.js';
import { logRanges } from './log-ranges.js';
import { BINDING_ABI, ORACLE_ABI } from './oracle-abi.js';

/**
 * The root of the book that an oracle has taken for a bar, for checks of inclusion. It is asked of the contract that bound
 * books when the epoch was published, by the oracle's own events: whatever other contracts say of it counts for nothing.
 *
 * @param barEnd seconds since 1970
 * @throws {ChainError} where no epoch of the bar was published, or its book was bound by nobody
 */
export async function publishedBookRoot(
  client: ChainClient,
  oracle: Address,
  barEnd: bigint,
): Promise<{ readonly number: number; readonly block: number; readonly root: Hex }> {
  let binding: Address = zeroAddress;
  for (const range of logRanges(await client.getBlockNumber())) {
    const logs = await client.getContractEvents({ address: oracle, abi: ORACLE_ABI, ...range });
    for (const event of logs) {
      if (event.eventName === 'BindingInstalled') binding = event.args.binding!;
      if (event.eventName !== 'EpochPublished' || event.args.bar !== barEnd) continue;
      const number = event.args.number!;
      if (binding === zeroAddress)
        throw new ChainError(`epoch ${number} was published with nobody to bind its book to accounts`);
      const args = [oracle, number] as const;
      const root = await client.readContract({
        address: binding,
        abi: BINDING_ABI,
        functionName: 'rootOf',
        args,
      });
      return { number: Number(number), block: Number(event.blockNumber), root };
    }
  }
  throw new ChainError(
    `no epoch of the bar that ended at ${new Date(Number(barEnd) * 1000).toISOString()} is on the chain`,
  );
}
