import {
  type Address,
  type ContractFunctionArgs,
  decodeFunctionData,
  getAbiItem,
  toFunctionSelector,
} from 'viem';
import type { ChainClient } from './chain-client.js';
import { publicValue } from './encoding.js';
import { ChainError } from './errors.js';
import { innerCall } from './inner-call.js';
import { ATTESTOR_ABI, ORACLE_ABI } from './oracle-abi.js';

/** An epoch's proven values by market, whose digest the oracle keeps. */
export type ProvenBar = ContractFunctionArgs<typeof ATTESTOR_ABI, 'nonpayable', 'attestLiquidation'>[1];

/** κ among the terms of a bar's public book. */
export const TAIL_FACTOR = 5;
const LOG_RANGE = 50_000n;
const PUBLISH = toFunctionSelector(getAbiItem({ abi: ORACLE_ABI, name: 'publish' }));

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
  const model = await client.readContract({ ...at, functionName: 'model' });
  for (let toBlock = await client.getBlockNumber(); ; toBlock -= LOG_RANGE) {
    if (toBlock < 0n) throw new ChainError(`the node has no event of epoch ${last.number}`);
    const fromBlock = toBlock < LOG_RANGE ? 0n : toBlock - LOG_RANGE + 1n;
    const events = await client.getContractEvents({
      ...{ ...at, eventName: 'EpochPublished', args: { number: last.number }, fromBlock, toBlock },
    });
    const published = events.at(0);
    if (published === undefined) continue;
    const { input } = await client.getTransaction({ hash: published.transactionHash });
    const data = innerCall(input, PUBLISH, published.args.digest!);
    if (data === undefined)
      throw new ChainError(`transaction ${published.transactionHash} does not carry the call that was taken`);
    const [{ bars }] = decodeFunctionData({ abi: ORACLE_ABI, data }).args as unknown as ContractFunctionArgs<
      typeof ORACLE_ABI,
      'nonpayable',
      'publish'
    >;
    if (bars.length !== model.parts.length)
      throw new ChainError(`epoch ${last.number} is of another model than the one in force`);
    return {
      ...{ number: last.number, bar: last.bar, barSeconds: model.barSeconds },
      tailFactor: publicValue(bars[0], 'bar', 'publicBook', TAIL_FACTOR),
      markets: model.parts.flatMap(({ markets }) => markets),
      variances: model.parts.flatMap(({ markets }, p) =>
        markets.map((_, i) => publicValue(bars[p], 'bar', 'variances', i)),
      ),
    };
  }
}
