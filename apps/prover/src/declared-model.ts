import { ZkriskError } from '#lib/errors';
import type { ModelPayload } from '#lib/messages';
import { BAR_SIZE, type DeclaredFactors, type FactorState } from '#lib/proofs';
import type { ForecastModel, LmGoModel } from '#lib/volatility';
import { declaredFactors, declaredState } from './declared-factors.js';
import { ModelNotProvableError } from './errors.js';

/** Most proofs of one bar. */
const LARGEST_PARTS = 2;

/** Markets that one proof of a bar holds, and the model's numbers that are theirs. */
export interface DeclaredPart {
  readonly markets: readonly string[];
  readonly model: Omit<DeclaredFactors, 'salt'>;
}

/** A forecaster's model as the statements declare it. */
export interface DeclaredModel {
  readonly version: number;
  readonly barMs: number;
  readonly horizonBars: number;
  readonly parts: readonly DeclaredPart[];
  /** the filter's state as each part has it */
  statesOf(state: readonly number[]): FactorState[];
}

/**
 * An LM-GO model in one part of up to 32 markets, or in two of up to 64 that share the common factors.
 *
 * @throws {ModelNotProvableError} for another model, or one that the circuits have no room for
 */
export function declaredModel(payload: ModelPayload): DeclaredModel {
  const { version, barMs, horizonBars, varianceRatioFloor } = payload;
  const model = payload.model as unknown as ForecastModel;
  if (model.kind !== 'lm-go')
    throw new ModelNotProvableError(`the circuits state LM-GO models, this one is ${model.kind}`);
  if (!Number.isInteger(horizonBars))
    throw new ModelNotProvableError(
      `the chain counts exceedances over whole bars, the horizon has ${horizonBars}`,
    );
  const n = model.markets.length;
  const largest = LARGEST_PARTS * BAR_SIZE.markets;
  if (n > largest)
    throw new ModelNotProvableError(`the model has ${n} markets, the proofs of a bar hold ${largest}`);
  const whole = declaredFactors(model, horizonBars, varianceRatioFloor);
  const cuts = n <= BAR_SIZE.markets ? [n] : [Math.ceil(n / 2), n];
  const ranges = cuts.map((end, i) => [i === 0 ? 0 : cuts[i - 1], end] as const);
  const { factors } = model;
  return {
    version,
    barMs,
    horizonBars,
    parts: ranges.map(([from, to]) => ({
      markets: model.markets.slice(from, to),
      model: partOf(whole, model, from, to),
    })),
    statesOf: (state) => {
      const declared = declaredState(model, state);
      return ranges.map(([from, to]) => [
        ...declared.slice(0, factors),
        ...declared.slice(factors + from, factors + to),
      ]);
    },
  };
}

/** Numbers of the markets from one place to another; those of the common factors are all parts'. */
function partOf(
  whole: Omit<DeclaredFactors, 'salt'>,
  { factors }: LmGoModel,
  from: number,
  to: number,
): Omit<DeclaredFactors, 'salt'> {
  return {
    ...whole,
    units: whole.units.slice(from, to),
    loadings: whole.loadings.slice(from, to),
    scores: whole.scores.map((row) => row.slice(from, to)),
    levels: [...whole.levels.slice(0, factors), ...whole.levels.slice(factors + from, factors + to)],
  };
}

/** A model as declared, or why it cannot be: said when an epoch is due. */
export function declaredOr(payload: ModelPayload): DeclaredModel | ZkriskError {
  try {
    return declaredModel(payload);
  } catch (error) {
    if (error instanceof ZkriskError) return error;
    throw error;
  }
}
