import type { Address, Hex } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { marketBytes, priceUnits } from './encoding.js';

/** Prices of one bar, signed: the arguments of SignedPriceSource.submit. */
export async function signedPrices(
  account: PrivateKeyAccount,
  source: { readonly chainId: number; readonly address: Address },
  bar: bigint,
  prices: readonly { readonly market: string; readonly price: string }[],
): Promise<readonly [bigint, readonly Hex[], readonly bigint[], Hex]> {
  const markets = prices.map(({ market }) => marketBytes(market));
  const units = prices.map(({ price }) => priceUnits(price));
  const signature = await account.signTypedData({
    domain: {
      name: 'zkrisk prices',
      version: '1',
      chainId: source.chainId,
      verifyingContract: source.address,
    },
    types: {
      Prices: [
        { name: 'bar', type: 'uint64' },
        { name: 'markets', type: 'bytes32[]' },
        { name: 'prices', type: 'uint256[]' },
      ],
    },
    primaryType: 'Prices',
    message: { bar, markets, prices: units },
  });
  return [bar, markets, units, signature];
}
