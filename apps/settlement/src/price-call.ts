import { encodeFunctionData, type Hex } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import {
  type Call,
  CHAINLINK_SOURCE_ABI,
  type ChainClient,
  type Deployment,
  PRICE_SOURCE_ABI,
  roundsOf,
  type SignedReport,
  signReport,
  submission,
} from '#lib/chain';
import type { EpochPayload } from '#lib/messages';
import type { StoredPlan } from './settlement.repository.js';

/** Closing prices of one bar, as the engine has them. */
export interface PricedBar {
  /** end of the bar, seconds */
  readonly bar: bigint;
  readonly prices: readonly { readonly market: string; readonly price: string }[];
}

/** The two bars whose prices an epoch rests on: the one before, and its own. */
export function pricedBars({ barEnd, barMs, prices }: EpochPayload): readonly [PricedBar, PricedBar] {
  const at = (of: 'before' | 'after', end: number): PricedBar => ({
    bar: BigInt(end / 1000),
    prices: prices.map((price) => ({ market: price.market, price: price[of].toFixed(18) })),
  });
  return [at('before', barEnd - barMs), at('after', barEnd)];
}

/** Marks of an account when its plan was opened, at the first whole second from then on. */
export function pricedPlan({ at, positions }: Pick<StoredPlan, 'at' | 'positions'>): PricedBar {
  return {
    bar: BigInt(Math.ceil(at / 1000)),
    prices: positions.map(({ market, price }) => ({ market, price: price.toFixed(18) })),
  };
}

/** Reports that have come for a bar and these markets. */
export type ReportsOf = (bar: PricedBar) => Promise<readonly SignedReport[]>;

interface PricedChain {
  readonly client: ChainClient;
  readonly account: PrivateKeyAccount;
  readonly deployment: Deployment;
}

/**
 * The call that gives the prices of bars to the price source; prices that it holds stay.
 *
 * @returns undefined while fewer reporters than the quorum have signed
 * @throws {ChainError} where a feed has no answer for a bar
 */
export function priceCall(
  chain: PricedChain,
  bars: readonly PricedBar[],
  reports: ReportsOf,
): Promise<Call | undefined> {
  return chain.deployment.priceSource === 'chainlink'
    ? chainlinkCall(chain, bars)
    : medianCall(chain, bars, reports);
}

async function chainlinkCall({ client, deployment }: PricedChain, bars: readonly PricedBar[]): Promise<Call> {
  const calls: Hex[] = [];
  for (const { bar, prices } of bars)
    for (const args of await roundsOf(
      client,
      deployment.prices,
      prices.map(({ market }) => market),
      bar,
    ))
      calls.push(encodeFunctionData({ abi: CHAINLINK_SOURCE_ABI, functionName: 'record', args }));
  return multicall(deployment, calls);
}

async function medianCall(
  { client, account, deployment }: PricedChain,
  bars: readonly PricedBar[],
  reportsOf: ReportsOf,
): Promise<Call | undefined> {
  const source = { address: deployment.prices, abi: PRICE_SOURCE_ABI } as const;
  const [quorum, signs] = await Promise.all([
    client.readContract({ ...source, functionName: 'quorum' }),
    client.readContract({ ...source, functionName: 'isReporter', args: [account.address] }),
  ]);
  const calls: Hex[] = [];
  for (const bar of bars) {
    const reports = [...(await reportsOf(bar))];
    // On local chains alone may the account that publishes report prices; elsewhere the contracts refuse it.
    if (signs)
      reports.push(
        await signReport(account, { chainId: deployment.chainId, address: deployment.prices }, bar),
      );
    const markets = bar.prices.map(({ market }) => market);
    const args = submission(bar.bar, markets, reports, Number(quorum));
    if (args === undefined) return undefined;
    calls.push(encodeFunctionData({ abi: PRICE_SOURCE_ABI, functionName: 'submit', args }));
  }
  return multicall(deployment, calls);
}

function multicall({ prices }: Deployment, calls: readonly Hex[]): Call {
  return {
    to: prices,
    data: encodeFunctionData({ abi: PRICE_SOURCE_ABI, functionName: 'multicall', args: [calls] }),
  };
}
