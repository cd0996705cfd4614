import { type Address, type Hex, recoverTypedDataAddress } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { marketBytes, priceUnits } from './encoding.js';

/** A price source on a chain: the domain that a report is signed for. */
export interface ReportedSource {
  readonly chainId: number;
  readonly address: Address;
}

/** Closing prices of one bar, decimal texts, quote units. */
export interface BarPrices {
  /** end of the bar, seconds since 1970 */
  readonly bar: bigint;
  readonly prices: readonly { readonly market: string; readonly price: string }[];
}

/** One reporter's prices of a bar, in the order of the bar's markets, 18 decimals. */
export interface SignedReport {
  readonly reporter: Address;
  readonly prices: readonly bigint[];
  readonly signature: Hex;
}

const TYPES = {
  Report: [
    { name: 'bar', type: 'uint64' },
    { name: 'markets', type: 'bytes32[]' },
    { name: 'prices', type: 'uint256[]' },
  ],
} as const;

function typedData(source: ReportedSource, bar: bigint, markets: readonly Hex[], prices: readonly bigint[]) {
  return {
    domain: {
      name: 'zkrisk prices',
      version: '2',
      chainId: source.chainId,
      verifyingContract: source.address,
    },
    types: TYPES,
    primaryType: 'Report' as const,
    message: { bar, markets, prices },
  };
}

/**
 * Signs a reporter's prices of a bar for MedianPriceSource (EIP-712).
 *
 * @throws {InvalidInputError} for a market or a price that a chain cannot hold
 */
export async function signReport(
  account: PrivateKeyAccount,
  source: ReportedSource,
  { bar, prices }: BarPrices,
): Promise<SignedReport> {
  const markets = prices.map(({ market }) => marketBytes(market));
  const units = prices.map(({ price }) => priceUnits(price));
  const signature = await account.signTypedData(typedData(source, bar, markets, units));
  return { reporter: account.address, prices: units, signature };
}

/** The account that has signed a report of these markets at a bar. */
export function reporterOf(
  source: ReportedSource,
  bar: bigint,
  markets: readonly string[],
  { prices, signature }: Pick<SignedReport, 'prices' | 'signature'>,
): Promise<Address> {
  return recoverTypedDataAddress({
    ...typedData(source, bar, markets.map(marketBytes), prices),
    signature,
  });
}

/** Arguments of MedianPriceSource.submit. */
export type Submission = readonly [
  bar: bigint,
  markets: readonly Hex[],
  reports: readonly { readonly prices: readonly bigint[]; readonly signature: Hex }[],
];

/**
 * As many reports as the quorum, by ascending address of their reporters, each reporter once.
 *
 * @returns undefined where there are fewer reporters than the quorum
 */
export function submission(
  bar: bigint,
  markets: readonly string[],
  reports: readonly SignedReport[],
  quorum: number,
): Submission | undefined {
  const byReporter = new Map(reports.map((report) => [report.reporter.toLowerCase(), report]));
  if (byReporter.size < quorum) return undefined;
  const chosen = [...byReporter.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, quorum)
    .map(([, { prices, signature }]) => ({ prices, signature }));
  return [bar, markets.map(marketBytes), chosen];
}
