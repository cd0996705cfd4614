import type { Address } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import type { ChainClient } from './chain-client.js';
import { marketName } from './encoding.js';
import { Transactor } from './transactor.js';
import { VAULT_ABI } from './vault-abi.js';

export interface VaultTerms {
  /** seconds from asking to leave until one can */
  readonly delay: number;
  /** seconds between two takings of the exchange, at least */
  readonly coverInterval: number;
  /** most of the vault that one taking may be */
  readonly coverShare: number;
  /** most of the vault that all takings within one delay may be */
  readonly coverDelayShare: number;
}

/** A day to leave, as long as the risk's horizon; the exchange takes a tenth an hour at most, and a quarter a day. */
export const VAULT_TERMS: VaultTerms = {
  ...{ delay: 86_400, coverInterval: 3600, coverShare: 0.1, coverDelayShare: 0.25 },
};

/** Accounts of a vault by duty. Off local chains four accounts. */
export interface VaultKeys {
  readonly admin: Address;
  readonly governor: Address;
  readonly guardian: Address;
  /** takes the providers' losses */
  readonly exchange: Address;
}

/**
 * Deploys a vault for shares of a pool; the account does everything where its keys are left out, which local chains alone allow.
 *
 * @throws {ChainError} where the transaction fails
 */
export function deployVault(
  rpcUrl: string,
  account: PrivateKeyAccount,
  { name, symbol, pool }: { readonly name: string; readonly symbol: string; readonly pool: Address },
  { delay, coverInterval, coverShare, coverDelayShare }: VaultTerms,
  keys?: VaultKeys,
): Promise<Address> {
  const share = (value: number) => BigInt(Math.round(value * 1e9)) * 10n ** 9n;
  const terms = {
    ...{ delay, coverInterval },
    ...{ coverShare: share(coverShare), coverDelayShare: share(coverDelayShare) },
  };
  const { address } = account;
  const apart = keys ?? { admin: address, governor: address, guardian: address, exchange: address };
  const args = [pool, name, symbol, apart, terms];
  return new Transactor(rpcUrl, account).deploy('LiquidityVault', args, VAULT_ABI);
}

/** A vault and its pool as of one block. Amounts are exact, with 18 decimals. */
export interface VaultHoldings<Amount = bigint> {
  readonly block: number;
  /** pool shares of holders who have not asked to leave */
  readonly counted: Amount;
  /** pool shares in the vault */
  readonly held: Amount;
  /** all shares of the pool there are */
  readonly supply: Amount;
  /** pool shares the exchange has taken, less those it has given */
  readonly settled: Amount;
  readonly tokens: readonly { readonly market: string; readonly balance: Amount; readonly weight: Amount }[];
}

/** Reads a vault in one call. */
export async function vaultHoldings(
  client: ChainClient,
  vault: Address,
  blockNumber?: bigint,
): Promise<VaultHoldings> {
  const { counted, held, supply, settled, tokens, ...read } = await client.readContract({
    ...{ address: vault, abi: VAULT_ABI, functionName: 'holdings' },
    ...(blockNumber === undefined ? {} : { blockNumber }),
  });
  return {
    block: Number(read.blockNumber),
    ...{ counted, held, supply, settled },
    tokens: tokens.map(({ market, balance, weight }) => ({ market: marketName(market), balance, weight })),
  };
}
