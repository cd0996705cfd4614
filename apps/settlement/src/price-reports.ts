import type { Address, Hex } from 'viem';
import { PRICE_SOURCE_ABI, priceUnits, reporterOf } from '#lib/chain';
import { InvalidInputError } from '#lib/errors';
import type { EpochPayload } from '#lib/messages';
import { NotAReporterError, UnknownBarError } from './errors.js';
import { type PricedBar, pricedBars, pricedPlan } from './price-call.js';
import type { SettlementChain } from './settlement-chain.js';
import type { SettlementRepository } from './settlement.repository.js';

/** A reporter's prices of a bar, as they come. */
export interface PriceReport {
  /** end of the bar, seconds since 1970 */
  readonly bar: number;
  readonly markets: readonly string[];
  /** decimal texts, quote units */
  readonly prices: readonly string[];
  readonly signature: Hex;
}

/** Collects signed reports until each bar has a quorum. */
export class PriceReports {
  constructor(
    private readonly chain: SettlementChain,
    private readonly repository: SettlementRepository,
  ) {}

  /** Bars whose prices wait for reporters, with the engine's own prices. */
  async awaited(): Promise<PricedBar[]> {
    if (this.chain.deployment.priceSource !== 'median') return [];
    const epochs = await this.repository.epochsAwaitingPrices();
    const plans = await this.repository.plansAwaitingPrices();
    const bars = [
      ...epochs.flatMap(({ epoch }) => pricedBars(epoch as EpochPayload)),
      ...plans.map((plan) => pricedPlan(plan)),
    ];
    return [...new Map(bars.map((bar) => [bar.bar, bar])).values()];
  }

  /**
   * Keeps a reporter's prices of a waiting bar; the first of a reporter stays.
   *
   * @returns the reporter
   * @throws {UnknownBarError} for a bar that waits for no prices
   * @throws {NotAReporterError} where the signature is no reporter's
   * @throws {InvalidInputError} for other markets than the bar's, or prices a chain cannot hold
   */
  async take({ bar, markets, prices, signature }: PriceReport): Promise<Address> {
    const expected = (await this.awaited()).find((waiting) => waiting.bar === BigInt(bar));
    if (expected === undefined) throw new UnknownBarError(bar);
    const names = expected.prices.map(({ market }) => market);
    if (names.length !== markets.length || names.some((name, i) => name !== markets[i]))
      throw new InvalidInputError('markets', `of bar ${bar} are ${names.join(', ')}, in this order`);
    if (prices.length !== markets.length)
      throw new InvalidInputError('prices', `must have ${markets.length} entries, one a market`);
    const { client, deployment } = this.chain;
    const source = { chainId: deployment.chainId, address: deployment.prices };
    const report = { prices: prices.map(priceUnits), signature };
    const reporter = await reporterOf(source, BigInt(bar), markets, report).catch(() => {
      throw new InvalidInputError('signature', 'cannot be recovered');
    });
    const isReporter = await client.readContract({
      ...{ address: deployment.prices, abi: PRICE_SOURCE_ABI, functionName: 'isReporter' },
      args: [reporter],
    });
    if (!isReporter) throw new NotAReporterError(reporter);
    await this.repository.keepReport(bar, markets, { reporter, ...report });
    return reporter;
  }
}
