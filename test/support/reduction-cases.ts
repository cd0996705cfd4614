import {
  deleverage,
  LEVERAGE_UNIT,
  leverageOf,
  type ReductionLeaf,
  reductionStatement,
  type ReductionTerms,
  waterLevel,
} from '#lib/margin';
import { lossKey, type ProvenReductionLeaf } from '#lib/proofs';
import { randomStream } from '#lib/runtime';

/** The statement of a reduction, in chunks. */
export const statementOf = reductionStatement;

const BITS = Number(LEVERAGE_UNIT);

/**
 * Accounts of random equity and leverage, hedged and not, whose positions were reduced by a share of each market's net: by the optimum
 * over all markets, or market by market.
 */
export function reducedPositions(
  seed: number,
  {
    markets,
    accounts,
    share,
    byMarket = false,
  }: { markets: number; accounts: number; share: number; byMarket?: boolean },
): { terms: ReductionTerms; leaves: ReductionLeaf[] } {
  const random = randomStream(seed);
  const deviations = Array.from({ length: markets }, () => 0.2 + 0.8 * random.uniform());
  const largest = Math.max(...deviations) ** 2;
  const units = deviations.map((a, i) =>
    deviations.map((b, j) => Math.round(((a * b * (i === j ? 1 : 0.7)) / largest) * BITS)),
  );
  const held = Array.from({ length: accounts }, () => {
    const equity = BigInt(Math.ceil(1e11 * Math.exp(1.5 * random.normal())));
    const leverage = Math.exp(0.8 * random.normal() + 0.7);
    const side = random.uniform() < 0.65 ? 1 : -1;
    const hedged = random.uniform() < 0.5;
    const positions = deviations.map(() => {
      const size = Number(equity) * leverage * random.uniform();
      const sign = hedged && random.uniform() < 0.5 ? -side : side;
      return random.uniform() < 0.6 ? BigInt(Math.round(sign * size)) : 0n;
    });
    return { equity, positions };
  });
  const reduce = deviations.map((_, i) => {
    const net = held.reduce((sum, { positions }) => sum + positions[i], 0n);
    return (net * BigInt(Math.round(share * 1e6))) / 1_000_000n;
  });
  const solved = deleverage({
    covariance: units.flatMap((row) => row.map((value) => value / BITS)),
    accounts: held.map(({ equity, positions }) => ({
      equity: Number(equity),
      notionals: positions.map(Number),
    })),
    reduce: reduce.map(Number),
  });
  const kept = solved.kept.map((row, a) =>
    row.map((value, i) => {
      const position = held[a].positions[i];
      const whole = BigInt(Math.trunc(value));
      return position > 0n ? (whole < position ? whole : position) : whole > position ? whole : position;
    }),
  );
  if (byMarket)
    reduce.forEach((need, i) => {
      const side = held.flatMap(({ equity, positions }, a) =>
        positions[i] * need > 0n
          ? [{ a, equity, size: positions[i] < 0n ? -positions[i] : positions[i] }]
          : [],
      );
      const total = side.reduce((sum, { size }) => sum + size, 0n) - (need < 0n ? -need : need);
      const level = waterLevel(
        side.map(({ equity }) => equity),
        side.map(({ size }) => size),
        total,
      );
      side.forEach(({ a }, k) => {
        kept[a][i] = need > 0n ? level.kept[k] : -level.kept[k];
      });
    });
  const leaves = held.flatMap(({ equity, positions }, a) => {
    if (!positions.some((position, i) => position * reduce[i] > 0n)) return [];
    return [
      {
        account: `a${String(a).padStart(6, '0')}`,
        equity,
        kept: kept[a].map((value) => leverageOf(value, 1n, equity)),
        closed: kept[a].map((value, i) => {
          const closed = leverageOf(positions[i] - value, 1n, equity);
          return closed < 0n ? -closed : closed;
        }),
      },
    ];
  });
  return {
    terms: {
      covariance: units.flatMap((row, i) => row.slice(i).map(BigInt)),
      prices: solved.prices.map((price) => BigInt(Math.round(price * 2 ** 60))),
      reduce: reduce.map((need) => need * LEVERAGE_UNIT),
      smallest: reduce.map(() => LEVERAGE_UNIT),
    },
    leaves,
  };
}

/** Each account's leaf as it is proven, with a salt of its own. */
export function provenReduction(leaves: readonly ReductionLeaf[]): ProvenReductionLeaf[] {
  return leaves.map(({ account, ...leaf }, i) => ({
    key: lossKey(account, (i + 1).toString(16).padStart(62, '0')),
    ...leaf,
  }));
}
