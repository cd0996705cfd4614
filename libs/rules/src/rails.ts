import { InvalidInputError } from '#lib/errors';

/** Weights within the contract's rails, in floating point: `contracts/src/pool/WeightRails.sol`. */
export interface RailTerms {
  /** no weight is below */
  readonly lowest: number;
  /** furthest an update may move a weight */
  readonly step: number;
  /** furthest an update may move the weight that moves most, before all are slowed: velocity × blocks */
  readonly reach: number;
}

/** Of `POOL_TERMS`, the contract's defaults. */
export const RAIL_TERMS: RailTerms = { lowest: 0.03, step: 0.01, reach: 0.015 };

/** @throws {InvalidInputError} for terms no pool can have */
export function checkRails({ lowest, step, reach }: RailTerms, tokens: number): void {
  if (!(lowest > 0 && lowest * tokens < 1))
    throw new InvalidInputError('lowest', `must be in (0, 1/${tokens}), got ${lowest}`);
  for (const [name, value] of Object.entries({ step, reach }))
    if (!(value > 0 && value <= 1)) throw new InvalidInputError(name, `must be in (0, 1], got ${value}`);
}

/**
 * The weights an update leads to: each target within `step` of its weight and above `lowest`, the difference of their sum from one
 * shared in proportion to the room that is left, all slowed by one factor where one would move further than `reach`.
 *
 * @param current sum to one, none below `lowest`
 */
export function railed(current: readonly number[], target: readonly number[], terms: RailTerms): number[] {
  const { lowest, step, reach } = terms;
  const highest = 1 - (current.length - 1) * lowest;
  const low = current.map((weight) => Math.max(weight - step, lowest));
  const high = current.map((weight) => Math.min(weight + step, highest));
  const goal = target.map((weight, i) => Math.min(Math.max(weight, low[i]), high[i]));
  const apart = goal.reduce((sum, weight) => sum + weight, 0) - 1;
  const room = goal.map((weight, i) => (apart > 0 ? weight - low[i] : high[i] - weight));
  const total = room.reduce((sum, each) => sum + each, 0);
  const after = goal.map((weight, i) => (total === 0 ? weight : weight - (apart * room[i]) / total));
  const furthest = Math.max(...after.map((weight, i) => Math.abs(weight - current[i])));
  const slower = furthest > reach ? reach / furthest : 1;
  return after.map((weight, i) => current[i] + (weight - current[i]) * slower);
}
