/** Kinds of traders of a population. */
export type TraderKind = 'trend' | 'reversion' | 'hedger' | 'noise' | 'whale' | 'attacker';

/** How a kind of trader decides. */
export interface Temper {
  /** share of a population of the ordinary kinds */
  readonly share: number;
  /** notional over collateral at full conviction: from, to */
  readonly leverage: readonly [number, number];
  /** conviction lost when holding for two days costs a day's standard deviation */
  readonly fundingAversion: number;
  /** dearest premium taken, in standard deviations of a day */
  readonly patience: number;
}

export const TEMPERS: Readonly<Record<TraderKind, Temper>> = {
  trend: { share: 0.3, leverage: [1, 8], fundingAversion: 1, patience: 0.25 },
  reversion: { share: 0.2, leverage: [1, 6], fundingAversion: 2, patience: 0.15 },
  hedger: { share: 0.15, leverage: [0.5, 2], fundingAversion: 12, patience: 0.08 },
  noise: { share: 0.35, leverage: [0.5, 12], fundingAversion: 0.5, patience: 0.3 },
  whale: { share: 0, leverage: [6, 6], fundingAversion: 1, patience: 0.3 },
  attacker: { share: 0, leverage: [20, 20], fundingAversion: 0, patience: Infinity },
};

/** A decision's sight of its market. */
export interface Outlook {
  readonly trend: number;
  readonly deviation: number;
  /** funding that a long pays in two days, in standard deviations of a day */
  readonly carry: number;
  /** uniform in [0, 1), the trader's own */
  readonly mood: number;
}

/**
 * Share of its full position that a trader wants, from −1, short, to 1. Trend followers go with the day's move, mean reverters
 * against the distance from the three days' mean, hedgers hold shorts against their own assets and turn to whichever side funding pays,
 * noise trades by mood. Funding that a side pays takes from the wish to hold it.
 */
export function conviction(kind: TraderKind, { trend, deviation, carry, mood }: Outlook): number {
  const wish = {
    trend: Math.tanh(0.9 * trend + 0.4 * (mood - 0.5)),
    reversion: -Math.tanh(0.7 * deviation),
    hedger: -0.4 - 0.3 * mood,
    noise: 2 * mood - 1,
    whale: Math.tanh(1.5 * trend),
    attacker: 0,
  }[kind];
  return Math.max(-1, Math.min(1, wish - TEMPERS[kind].fundingAversion * carry));
}
