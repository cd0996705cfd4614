/** The move that markets have in common: the median of their standardised moves. */
export function commonMove(moves: readonly number[]): number {
  const sorted = [...moves].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * A market's standardised move less the common one. Markets follow the common move with
 * slopes that differ; any slope between ½ and 1½ is taken as an explanation.
 */
export function residualOf(move: number, common: number): number {
  const low = Math.min(common / 2, 1.5 * common);
  const high = Math.max(common / 2, 1.5 * common);
  return move < low ? move - low : move > high ? move - high : 0;
}
