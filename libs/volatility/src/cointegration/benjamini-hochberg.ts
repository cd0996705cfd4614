/**
 * Which hypotheses are rejected at false-discovery rate `level`.
 *
 * Source: Benjamini & Hochberg, J. Royal Statistical Society B 57 (1995), procedure (1).
 */
export function benjaminiHochberg(pValues: readonly number[], level: number): boolean[] {
  const ascending = pValues.map((_, i) => i).sort((a, b) => pValues[a] - pValues[b] || a - b);
  const rejected = pValues.map(() => false);
  let last = -1;
  ascending.forEach((hypothesis, i) => {
    if (pValues[hypothesis] <= (level * (i + 1)) / pValues.length) last = i;
  });
  for (let i = 0; i <= last; i++) rejected[ascending[i]] = true;
  return rejected;
}
