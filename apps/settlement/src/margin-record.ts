import { encodeFunctionData, type Hex } from 'viem';
import { fromNumber, MONEY_DECIMALS } from '#lib/amounts';
import { ATTESTOR_ABI, digested, marginDigest, packShocks, type RegisteredMargin } from '#lib/chain';
import { scenariosOf } from '#lib/exchange';
import { jointTiers } from '#lib/liquidating';
import type { RiskParameters } from '#lib/messages';

const ONE = 2 ** 24;
const fixed = (value: number) => Math.round(value * ONE);

/**
 * The portfolio margin of parameters as a chain registers it: it does not change with forecasts, marks or capital.
 *
 * @param names of the epoch's markets, in any order
 * @returns undefined where margin is linear
 */
export function registeredMargin(
  { margin, model }: RiskParameters,
  names: readonly string[],
): RegisteredMargin | undefined {
  if (margin.mode === 'linear') return undefined;
  const markets = [...new Set(names)].sort();
  const scenarios = scenariosOf(margin, markets);
  const horizon = model.horizonBars * model.barSeconds * 1000;
  const money = (value: number) => fromNumber(value, MONEY_DECIMALS, 'nearest', 'margin');
  return {
    // (2κ_m)², κ_m² = −2 ln α_m
    evarMultiple: BigInt(fixed((-8 * Math.log(margin.tailProbability) * margin.horizonMs) / horizon)),
    absorbableShare: BigInt(fixed(margin.absorbableShare)),
    markets: markets.map((market, i) => {
      const { initial, maintenance } = margin.floors.markets[market] ?? margin.floors.default;
      return {
        market,
        terms: {
          depth: money(margin.depths[market] ?? 0),
          tiers: [
            { above: 0, initialRate: initial[0].rate, maintenanceRate: maintenance[0].rate },
            ...jointTiers(initial, maintenance),
          ].map(({ above, initialRate, maintenanceRate }) => ({
            above: money(above),
            initial: fixed(initialRate),
            maintenance: fixed(maintenanceRate),
          })),
          shocks: packShocks(scenarios.map(({ shocks }) => fixed(shocks[i]))),
        },
      };
    }),
  };
}

/** The digest that the governor registers, and the call, from a time on. */
export function marginRegistration(margin: RegisteredMargin, from: bigint): { digest: Hex; call: Hex } {
  const digest = marginDigest(digested(margin));
  return {
    digest,
    call: encodeFunctionData({ abi: ATTESTOR_ABI, functionName: 'registerMargin', args: [digest, from] }),
  };
}
