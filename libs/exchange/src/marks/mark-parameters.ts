import type { RiskParameters } from '#lib/messages';

/** A source of prices and its weight in the index. */
export interface WeightedSource {
  readonly source: string;
  readonly weight: number;
}

/** Parameters that decide which observed prices become marks. Times are milliseconds, moves are natural logarithms. */
export interface MarkParameters {
  /** sources a market takes ticks from; `default` for markets that are not named */
  readonly sources: Readonly<Record<string, readonly WeightedSource[]>>;
  /** fresh sources an index needs; a market with fewer sources needs all */
  readonly quorum: number;
  /** a source silent for longer leaves the index */
  readonly sourceStaleMs: number;
  /** b_min: a move within this band always follows */
  readonly bandMinimum: number;
  /** z: width of the band in standard deviations of the market's own moves */
  readonly bandDeviations: number;
  /** the band is measured from a mark that is at least this old: many small steps are one move */
  readonly bandWindowMs: number;
  /** standard deviation per √hour that a market has before its own moves are known */
  readonly initialVolatility: number;
  /** consecutive ticks of a lonely source that confirm a move */
  readonly confirmations: number;
  /** a move larger than this, natural log, is never confirmed by repetition: it takes sources, other markets or the operator */
  readonly repeatedAtMost: number;
  /** time between the first and the last, at least */
  readonly confirmOverMs: number;
  /** other markets that must move alike before a common move confirms itself */
  readonly commonMarkets: number;
  /** confidence as a share of the price past which a market is `wide` */
  readonly wideConfidence: number;
  /** silence after which a market is stale: a multiple of its median interval, within bounds */
  readonly staleIntervals: number;
  readonly minimumStaleMs: number;
  readonly maximumStaleMs: number;
  /** a tick may be dated later than the log took it by this much */
  readonly maximumClockSkewMs: number;
  /** market time moves ahead by at most this much at once; the operator allows more */
  readonly maximumStepMs: number;
  /** seals the operator's orders; none is taken without it */
  readonly orderSecret: string | undefined;
  /** span of the time-weighted average */
  readonly averageOverMs: number;
}

/** The source of ticks that name none. */
export const UNNAMED_SOURCE = 'default';

const HOUR_MS = 3_600_000;

/** Parameters for hourly bars from one source, with `changes`. */
export function markParameters(changes: Partial<MarkParameters> = {}): MarkParameters {
  return {
    sources: { default: [{ source: UNNAMED_SOURCE, weight: 1 }] },
    quorum: 2,
    sourceStaleMs: 3 * HOUR_MS,
    bandMinimum: 0.02,
    bandDeviations: 10,
    bandWindowMs: 60_000,
    initialVolatility: 0.01,
    confirmations: 2,
    repeatedAtMost: Math.log(3),
    confirmOverMs: 5_000,
    commonMarkets: 3,
    wideConfidence: 0.01,
    staleIntervals: 3,
    minimumStaleMs: 60_000,
    maximumStaleMs: 3 * HOUR_MS,
    maximumClockSkewMs: 5_000,
    maximumStepMs: 24 * HOUR_MS,
    orderSecret: undefined,
    averageOverMs: 300_000,
    ...changes,
  };
}

/**
 * The marks' part of the versioned parameters, in the machine's units.
 *
 * @param orderSecret seals the operator's orders; undefined: none is taken
 */
export function markParametersOf(
  { model, marks }: Pick<RiskParameters, 'model' | 'marks'>,
  orderSecret: string | undefined,
): MarkParameters {
  const staleMs = marks.staleAfterBars * model.barSeconds * 1000;
  return markParameters({
    sources: { ...markParameters().sources, ...marks.sources },
    quorum: marks.quorum,
    sourceStaleMs: staleMs,
    maximumStaleMs: staleMs,
    minimumStaleMs: Math.min(60_000, staleMs),
    bandMinimum: marks.bandMinimum,
    bandDeviations: marks.bandDeviations,
    confirmOverMs: marks.confirmOverMs,
    repeatedAtMost: marks.repeatedAtMost,
    wideConfidence: marks.wideConfidence,
    orderSecret,
    maximumClockSkewMs: marks.maximumClockSkewMs,
    maximumStepMs: Math.max(24 * HOUR_MS, staleMs),
  });
}
