/** A round of the drills, as the table in docs/operate/reliability.md has it. */
export interface Drill {
  readonly round: string;
  readonly fault: string;
  readonly result: string;
  readonly seconds: string;
  readonly verdict: string;
}

const COLUMNS = {
  ...{ round: 'round', fault: 'fault', result: 'result', seconds: 'seconds' },
  verdict: 'books, plans, conservation, rebuild',
} as const;

/** Rounds in a page of Markdown: the rows of the table between the marks that `npm run drills -- --write` writes between. */
export function drillsIn(markdown: string): Drill[] {
  const rows = (markdown.split('<!-- drills -->')[1] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const [names = [], , ...rounds] = rows;
  const at = (name: string) => names.indexOf(name);
  return rounds.map(
    (cells) =>
      Object.fromEntries(
        Object.entries(COLUMNS).map(([field, name]) => [field, cells[at(name)] ?? '']),
      ) as unknown as Drill,
  );
}
