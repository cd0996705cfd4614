import { type Hex, keccak256, toRlp } from 'viem';
import type { ChainClient } from './chain-client.js';
import { ChainError } from './errors.js';

/** Fields of a header in the order of its RLP; later forks have added the last ones. */
const FIELDS = [
  'parentHash',
  'sha3Uncles',
  'miner',
  'stateRoot',
  'transactionsRoot',
  'receiptsRoot',
  'logsBloom',
  'difficulty',
  'number',
  'gasLimit',
  'gasUsed',
  'timestamp',
  'extraData',
  'mixHash',
  'nonce',
  'baseFeePerGas',
  'withdrawalsRoot',
  'blobGasUsed',
  'excessBlobGas',
  'parentBeaconBlockRoot',
  'requestsHash',
] as const;
const QUANTITIES = new Set<string>([
  'difficulty',
  'number',
  'gasLimit',
  'gasUsed',
  'timestamp',
  'baseFeePerGas',
  'blobGasUsed',
  'excessBlobGas',
]);

/**
 * A block's header, as its hash is of it.
 *
 * @throws {ChainError} where the node has no such block, or a header of other fields
 */
export async function blockHeader(client: ChainClient, number: bigint): Promise<Hex> {
  const block = (await client.request({
    method: 'eth_getBlockByNumber',
    params: [`0x${number.toString(16)}`, false],
  })) as unknown as Readonly<Record<string, Hex | undefined>> | null;
  if (block === null) throw new ChainError(`the node has no block ${number}`);
  const fields: Hex[] = [];
  for (const name of FIELDS) {
    const value = block[name];
    if (value === undefined) break;
    fields.push(QUANTITIES.has(name) ? quantity(value) : value);
  }
  const header = toRlp(fields);
  if (keccak256(header) !== block.hash)
    throw new ChainError(`the header of block ${number} has fields that this program does not know`);
  return header;
}

/** Without leading zeros, as RLP has numbers. */
function quantity(value: Hex): Hex {
  const digits = value.slice(2).replace(/^0+/, '');
  return digits === '' ? '0x' : `0x${digits.length % 2 === 0 ? '' : '0'}${digits}`;
}
