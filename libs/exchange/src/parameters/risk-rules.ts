import { requireTiers, MarginSchedule } from '#lib/margin';
import { type RiskParameters, riskParameters } from '#lib/messages';
import { InvalidInputError, parseInput } from '#lib/errors';
import { contentDigest } from '../book/decided-command.js';

/** One version of the risk parameters, ready to decide by. */
export interface RiskRules {
  readonly version: number;
  /** of the parameters: the same version with another digest is another exchange's */
  readonly digest: string;
  readonly parameters: RiskParameters;
  /** of linear margin */
  readonly rates: MarginSchedule;
}

/**
 * @param version 1 for the version that services start with, one more with each change
 * @throws {InvalidInputError} naming the parameter that does not fit
 */
export function riskRules(version: number, parameters: RiskParameters): RiskRules {
  const { rates, floors } = parameters.margin;
  for (const [name, floor] of [['default', floors.default] as const, ...Object.entries(floors.markets)]) {
    requireTiers(floor.initial, `margin.floors.${name}.initial`);
    requireTiers(floor.maintenance, `margin.floors.${name}.maintenance`);
    for (const { above } of [...floor.initial, ...floor.maintenance]) {
      const [initial, maintenance] = [floor.initial, floor.maintenance].map(
        (tiers) => tiers.findLast((tier) => tier.above <= above)!.rate,
      );
      if (initial < maintenance)
        throw new InvalidInputError(
          `margin.floors.${name}.initial`,
          `is below the maintenance rate at ${above}`,
        );
    }
  }
  return {
    version,
    digest: contentDigest(parameters),
    parameters,
    rates: new MarginSchedule(rates.default, new Map(Object.entries(rates.markets))),
  };
}

/**
 * The model of a book stays as it was founded: forecasts, proofs and pending premia depend on it.
 *
 * @throws {InvalidInputError} naming the parameters that differ, with both values
 */
export function requireSameModel(
  holds: Pick<RiskParameters, 'model'>,
  given: Pick<RiskParameters, 'model'>,
): void {
  for (const [name, value] of Object.entries(given.model)) {
    const held: unknown = holds.model[name as keyof RiskParameters['model']];
    if (JSON.stringify(value) !== JSON.stringify(held))
      throw new InvalidInputError(
        `parameters.model.${name}`,
        `is ${JSON.stringify(held)} since the book was founded and cannot become ${JSON.stringify(value)}`,
      );
  }
}

/**
 * The first version: the defaults with changes.
 *
 * @param changes parts of {@link RiskParameters}; omitted ones have their defaults
 * @throws {InvalidInputError} naming the parameter that does not fit
 */
export function firstRules(changes: unknown = {}): RiskRules {
  return riskRules(1, parseInput(riskParameters, changes, 'parameters'));
}
