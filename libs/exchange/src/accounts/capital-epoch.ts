const DAY_MS = 86_400_000;

/** Capital that margins and caps are measured against, and since which day. */
export interface CapitalEpoch {
  /** of market time, since 1970 */
  readonly day: number;
  /** K = P + L, money */
  readonly capital: number;
}

export const NO_CAPITAL: CapitalEpoch = { day: 0, capital: 0 };

/**
 * K of the day: the pool's capital when the day began, so that a loss of the pool does not raise everybody's margin while it
 * happens. Earlier where the capital has doubled or halved since.
 *
 * @param now market time, milliseconds
 * @param capital P + L now, money
 */
export function capitalEpoch(epoch: CapitalEpoch, now: number, capital: number): CapitalEpoch {
  const day = Math.floor(now / DAY_MS);
  const moved = capital > 2 * epoch.capital || 2 * capital < epoch.capital;
  return day === epoch.day && !moved ? epoch : { day, capital };
}
