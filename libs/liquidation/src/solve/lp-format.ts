/** Terms on one line: HiGHS refuses lines of the LP format past some hundred characters. */
const TERMS_A_LINE = 8;

/** One term of the LP format: sign, coefficient, variable. */
export function term(coefficient: number, name: string): string {
  return `${coefficient < 0 ? '-' : '+'} ${Math.abs(coefficient)} ${name}`;
}

/** A sum of terms of the LP format over several lines. */
export function linearSum(terms: readonly string[]): string {
  const lines: string[] = [];
  for (let at = 0; at < terms.length; at += TERMS_A_LINE)
    lines.push(terms.slice(at, at + TERMS_A_LINE).join(' '));
  return lines.join('\n ');
}
