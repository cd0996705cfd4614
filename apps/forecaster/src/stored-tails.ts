import type { EntityManager } from 'typeorm';
import type { TailState } from '#lib/forecasting';
import type { ServiceStateRepository, StateText } from '#lib/storage';

type Pending = TailState['pending'][number];
type Scored = TailState['scored'][number];

const MARKETS = 'tails';
const FORECAST = 'tails/';
const DIGITS = 15;

/** Names that sort as the ends of bars do. */
const nameOf = (end: number) => `${FORECAST}${String(end).padStart(DIGITS, '0')}`;
const isPending = (row: Pending | Scored): row is Pending => 'deviations' in row;

/** The state of tail factors, a row for each forecast kept: there are many, and a bar adds one, scores one and drops one. */
export class StoredTails {
  private saved: TailState | undefined;

  constructor(private readonly states: ServiceStateRepository) {}

  async load(manager: EntityManager): Promise<TailState | undefined> {
    const stored = await this.states.load<readonly string[]>(manager, MARKETS);
    const named = await this.states.startingWith<Pending | Scored>(manager, FORECAST);
    const rows = [...named.values()].sort((a, b) => a.end - b.end);
    const scored = rows.filter((row): row is Scored => !isPending(row));
    this.saved = stored && { markets: stored, pending: rows.filter(isPending), scored };
    return this.saved;
  }

  /** Writes the rows that differ from the state that was saved or loaded last, and removes those that are gone. */
  async save(manager: EntityManager, state: TailState): Promise<void> {
    const before = this.saved;
    this.saved = state;
    const pending = difference<Pending | Scored>(before?.pending ?? [], state.pending);
    const scored = difference<Pending | Scored>(before?.scored ?? [], state.scored);
    const values = new Map<string, StateText | null>();
    // A forecast that has come true has the same name as before.
    for (const { end } of [...pending.gone, ...scored.gone]) values.set(nameOf(end), null);
    for (const row of [...pending.fresh, ...scored.fresh])
      values.set(nameOf(row.end), () => JSON.stringify(row));
    if (before?.markets !== state.markets) values.set(MARKETS, JSON.stringify(state.markets));
    await this.states.saveTexts(manager, [...values]);
  }
}

/** Rows of either list that the other does not have; both are ordered by their ends, and a row is never changed. */
function difference<Row extends { readonly end: number }>(
  before: readonly Row[],
  after: readonly Row[],
): { gone: Row[]; fresh: Row[] } {
  const gone: Row[] = [];
  const fresh: Row[] = [];
  for (let i = 0, j = 0; i < before.length || j < after.length;) {
    const [old, now] = [before.at(i), after.at(j)];
    if (old !== undefined && old === now) [i, j] = [i + 1, j + 1];
    else if (now === undefined || (old !== undefined && old.end <= now.end)) gone.push(before[i++]);
    else fresh.push(after[j++]);
  }
  return { gone, fresh };
}
