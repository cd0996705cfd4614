import {
  type Address,
  type ContractFunctionArgs,
  encodeAbiParameters,
  getAbiItem,
  type Hex,
  hexToBytes,
  keccak256,
  toHex,
} from 'viem';
import { InvalidInputError } from '#lib/errors';
import type { MarginAnnex } from '#lib/proofs';
import type { ChainClient } from './chain-client.js';
import { marketBytes } from './encoding.js';
import { ATTESTOR_ABI } from './oracle-abi.js';

/** The margin beside a plan's proof, as the attestor takes it. */
export type AttestedPortfolio = ContractFunctionArgs<
  typeof ATTESTOR_ABI,
  'nonpayable',
  'attestLiquidation'
>[4];
export type MarketTerms = AttestedPortfolio['markets'][number];

/** A portfolio margin as it is registered on a chain: what does not change with forecasts, marks and capital. */
export interface RegisteredMargin {
  /** (2κ_m)² times the margin's horizon over the forecast's, units of 2^−24 */
  readonly evarMultiple: bigint;
  /** b, units of 2^−24 */
  readonly absorbableShare: bigint;
  readonly markets: readonly { readonly market: string; readonly terms: MarketTerms }[];
}

/** Linear margin: there is nothing beside the proof. */
export const LINEAR_MARGIN: AttestedPortfolio = {
  margin: { evarMultiple: 0n, absorbableShare: 0n, markets: [] },
  markets: [],
  places: [],
  tangent: {
    ...{ evarFactor: 0n, absorbable: 0n, penaltyRate: 0, evarWeight: 0n },
    ...{ scenarios: [], weights: [], tiers: [], shares: [] },
  },
  pool: { capital: 0n, liquidity: 0n, pending: 0n, other: 0n },
};

const [, , , , PORTFOLIO] = getAbiItem({ abi: ATTESTOR_ABI, name: 'attestLiquidation' }).inputs;
const [MARGIN, MARKETS] = PORTFOLIO.components;
const MARKET = { ...MARKETS, type: 'tuple' } as const;

/** Digest of a market's part of a margin. */
export function marketDigest(market: string, terms: MarketTerms): Hex {
  return keccak256(encodeAbiParameters([{ type: 'bytes32' }, MARKET], [marketBytes(market), terms]));
}

/** Digest of a margin, which the governor registers. */
export function marginDigest(margin: AttestedPortfolio['margin']): Hex {
  return keccak256(encodeAbiParameters([MARGIN], [margin]));
}

/** The margin with digests in place of its markets. */
export function digested({
  evarMultiple,
  absorbableShare,
  markets,
}: RegisteredMargin): AttestedPortfolio['margin'] {
  const digests = markets.map(({ market, terms }) => marketDigest(market, terms));
  return { evarMultiple, absorbableShare, markets: digests };
}

/** Version and digest of the portfolio margin that is in force on a chain at a time; version 0 where margin is linear. */
export async function marginOnChain(
  client: ChainClient,
  address: Address,
  time: bigint,
): Promise<{ readonly version: bigint; readonly digest: Hex | null }> {
  const attestor = { address, abi: ATTESTOR_ABI } as const;
  const version = await client.readContract({ ...attestor, functionName: 'marginAt', args: [time] });
  if (version === 0n) return { version, digest: null };
  const [digest] = await client.readContract({ ...attestor, functionName: 'margins', args: [version - 1n] });
  return { version, digest };
}

/** Shocks as the attestor reads them: four bytes each. */
export function packShocks(shocks: readonly number[]): Hex {
  const bytes = Buffer.alloc(4 * shocks.length);
  shocks.forEach((shock, k) => bytes.writeInt32BE(shock, 4 * k));
  return toHex(bytes);
}

export function unpackShocks(packed: Hex): number[] {
  const bytes = Buffer.from(hexToBytes(packed));
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, k) => bytes.readInt32BE(4 * k));
}

/**
 * The margin of a plan's proof as the attestor takes it. A plan has only the scenarios that move its markets: each one with a weight is
 * found among the registered ones by its moves.
 *
 * @param annex of the proof; @param markets of the plan's positions; @param pool of the account's book
 * @throws {InvalidInputError} where the plan was made with another margin
 */
export function attestedPortfolio(
  annex: MarginAnnex,
  margin: RegisteredMargin,
  markets: readonly string[],
  pool: AttestedPortfolio['pool'],
): AttestedPortfolio {
  const places = markets.map((market) => {
    const place = margin.markets.findIndex((known) => known.market === market);
    if (place === -1) throw new InvalidInputError('margin.markets', `have not ${market}`);
    return place;
  });
  const terms = places.map((place) => margin.markets[place].terms);
  const shocks = terms.map((market) => unpackShocks(market.shocks));
  terms.forEach((market, i) => {
    const { depth, tiers } = annex.markets[i];
    const same =
      market.depth.toString() === depth &&
      market.tiers.length === tiers.length &&
      market.tiers.every(
        (tier, j) =>
          tier.above.toString() === tiers[j][0] &&
          tier.initial === tiers[j][1] &&
          tier.maintenance === tiers[j][2],
      );
    if (!same)
      throw new InvalidInputError('margin.markets', `have other terms of ${markets[i]} than the plan`);
  });
  return {
    margin: digested(margin),
    markets: terms,
    places,
    tangent: {
      evarFactor: BigInt(annex.evarFactor),
      absorbable: BigInt(annex.absorbable),
      penaltyRate: annex.penaltyRate,
      evarWeight: BigInt(annex.evarWeight),
      scenarios: annex.weights.map(([scenario]) => {
        const found = (shocks[0] ?? []).findIndex((_, k) =>
          shocks.every((own, i) => own[k] === annex.markets[i].shocks[scenario]),
        );
        if (found === -1)
          throw new InvalidInputError('margin.markets', `have no scenario as the plan’s ${scenario}`);
        return found;
      }),
      weights: annex.weights.map(([, weight]) => BigInt(weight)),
      tiers: annex.tiers.map(([tier]) => tier),
      shares: annex.tiers.map(([, share]) => share),
    },
    pool,
  };
}

/** The annex of a proof that was attested, to judge it without the chain. @param sides and equity of the account's leaf */
export function attestedAnnex(
  { markets, tangent }: AttestedPortfolio,
  unit: bigint,
  equity: bigint,
  sides: readonly (1 | -1)[],
): MarginAnnex {
  return {
    ...{ unit: unit.toString(), equity: equity.toString() },
    penaltyRate: tangent.penaltyRate,
    evarFactor: tangent.evarFactor.toString(),
    absorbable: tangent.absorbable.toString(),
    markets: markets.map(({ depth, tiers, shocks }, i) => ({
      side: sides[i],
      depth: depth.toString(),
      tiers: tiers.map(
        ({ above, initial, maintenance }) => [above.toString(), initial, maintenance] as const,
      ),
      shocks: unpackShocks(shocks),
    })),
    evarWeight: tangent.evarWeight.toString(),
    weights: tangent.scenarios.map((scenario, k) => [scenario, tangent.weights[k].toString()] as const),
    tiers: tangent.tiers.map((tier, i) => [tier, tangent.shares[i]] as const),
  };
}
