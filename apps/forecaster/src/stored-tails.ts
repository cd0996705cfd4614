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
    const known = new Set<object>([...(before?.pending ?? []), ...(before?.scored ?? [])]);
    const all = [...state.pending, ...state.scored];
    const values = new Map<string, StateText | null>();
    for (const { end } of known as Set<Pending | Scored>) values.set(nameOf(end), null);
    for (const row of all)
      if (known.has(row)) values.delete(nameOf(row.end));
      else values.set(nameOf(row.end), () => JSON.stringify(row));
    if (before?.markets !== state.markets) values.set(MARKETS, JSON.stringify(state.markets));
    await this.states.saveTexts(manager, [...values]);
  }
}
