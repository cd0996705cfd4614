import { type ContractFunctionArgs, decodeFunctionData, type Hex } from 'viem';
import { auditHeadOf, type PublishedHead } from './audit-head.js';
import type { ChainClient } from './chain-client.js';
import { ChainError } from './errors.js';
import { innerCall } from './inner-call.js';
import { ORACLE_ABI, PUBLISH } from './oracle-abi.js';

/** An epoch as its call carries it. */
export type PublishedEpoch = ContractFunctionArgs<typeof ORACLE_ABI, 'nonpayable', 'publish'>[0];

/**
 * A contract's call within a transaction, made by itself or by a Safe in its name.
 *
 * @param digest of the call, from the contract's event
 * @param name of the called function
 * @throws {ChainError} where the transaction does not carry it
 */
export async function takenCall(
  client: ChainClient,
  transaction: Hex,
  digest: Hex,
  selector: Hex,
  name: string,
): Promise<Hex> {
  const { input } = await client.getTransaction({ hash: transaction });
  const data = innerCall(input, selector, digest);
  if (data === undefined)
    throw new ChainError(`transaction ${transaction} does not carry the ${name} call that was taken`);
  return data;
}

/** The epoch that a transaction has published. @throws {ChainError} where it has published none */
export async function publishedEpoch(
  client: ChainClient,
  transaction: Hex,
  digest: Hex,
): Promise<PublishedEpoch & { readonly auditHead: PublishedHead | undefined }> {
  const data = await takenCall(client, transaction, digest, PUBLISH, 'publish');
  const { args } = decodeFunctionData({ abi: ORACLE_ABI, data });
  const [epoch] = args as unknown as readonly [PublishedEpoch];
  return { ...epoch, auditHead: auditHeadOf(data) };
}
