import { InvalidInputError } from '#lib/errors';

/** How far values that others rely on may move with an update, as shares. */
export interface RailLimits {
  readonly lowest: number;
  readonly highest: number;
  /** furthest an update may move a value */
  readonly step: number;
  /** fastest a value may move a block of the chain */
  readonly velocity: number;
  /** blocks an update is spread over */
  readonly blocks: number;
}

/** Of margin requirements, on the chain and off it: from 0.1 % to 100 %, by at most 5 points an update and 0.2 a block, over 50 blocks. */
export const MARGIN_RAILS: RailLimits = {
  ...{ lowest: 0.001, highest: 1, step: 0.05, velocity: 0.002, blocks: 50 },
};

/**
 * Where an update may go from where the values are, as the oracle's contract has it (GuardRails.bounded): within [lowest, highest]
 * and no further than `step`; where any is faster than allowed all are scaled by one factor, so the direction of the update is kept.
 *
 * @param current present values
 * @param target values that are asked for, not negative
 */
export function boundedUpdate(
  { lowest, highest, step, velocity, blocks }: RailLimits,
  current: readonly number[],
  target: readonly number[],
): number[] {
  if (current.length !== target.length)
    throw new InvalidInputError('target', `must have ${current.length} values, got ${target.length}`);
  target.forEach((value, i) => {
    if (!(value >= 0 && value < Infinity))
      throw new InvalidInputError(`target[${i}]`, `must not be negative, got ${value}`);
  });
  const goals = target.map((value, i) => {
    const within = Math.min(Math.max(value, lowest), highest);
    return Math.min(Math.max(within, current[i] - step), current[i] + step);
  });
  const furthest = Math.max(0, ...goals.map((goal, i) => Math.abs(goal - current[i])));
  const reach = velocity * blocks;
  if (furthest <= reach) return goals;
  return goals.map((goal, i) => current[i] + ((goal - current[i]) * reach) / furthest);
}
