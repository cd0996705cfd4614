import { type ContractFunctionArgs, type Hex, sha256, stringToHex, toHex } from 'viem';
import { type IncludedAccount, poolAmounts, poolBytes } from '#lib/commitment';
import { InvalidInputError } from '#lib/errors';
import type { ATTESTOR_ABI } from './oracle-abi.js';

/** An account's place in a book as the attestor checks it. */
export type AccountLeaf = ContractFunctionArgs<
  typeof ATTESTOR_ABI,
  'nonpayable',
  'attestLiquidation'
>[2]['leaf'];

/**
 * The only leaf of an inclusion in the numbers of the contracts.
 *
 * @throws {InvalidInputError} for an inclusion of several leaves
 */
export function accountLeaf({ leaves, pool }: IncludedAccount): AccountLeaf {
  if (leaves.length !== 1)
    throw new InvalidInputError('leaves', `must be one account’s, there are ${leaves.length}`);
  const [{ account, salt, index, sums, path }] = leaves;
  return {
    account: stringToHex(account),
    salt: salt as Hex,
    index: BigInt(index),
    sums: sums as Hex,
    path: path.map((node) => ({ digest: node.digest as Hex, sums: node.sums as Hex })),
    pool: sha256(toHex(poolBytes(poolAmounts(pool)))),
  };
}
