import type { PricingEngine } from '#lib/exchange';
import { type StressReport, stressReport } from '#lib/lab';

/** Past bars whose moves the book is tried with. */
const HOURS_KEPT = 2000;
/** A scrape computes it for so many accounts with positions at most: 140,000 took the writer's thread 13 to 20 s a bar. */
const MOST_SCRAPED = 5000;

/** The book under stress, once a bar: computed when it is first asked for after a forecast, from the books as they are then. */
export class StressDesk {
  private report: StressReport | null = null;
  private seconds = 0;
  private marks: { readonly forecastId: string; readonly prices: ReadonlyMap<string, number> } | undefined;
  private readonly moves: ReadonlyMap<string, number>[] = [];

  constructor(private readonly engine: () => PricingEngine) {}

  /** How long the last computation took. */
  get lastSeconds(): number {
    return this.seconds;
  }

  /** The report of the forecast in force; null before there is one. */
  latest(): StressReport | null {
    const engine = this.engine();
    const { board } = engine;
    const forecastId = board.latestForecast?.forecastId;
    if (forecastId === undefined || forecastId === this.report?.forecastId) return this.report;
    const started = performance.now();
    this.remember(forecastId);
    const history = this.moves.map((moves) =>
      Float64Array.from(board.markets, (market) => moves.get(market) ?? 0),
    );
    this.report = stressReport(engine, history);
    this.seconds = (performance.now() - started) / 1000;
    return this.report;
  }

  /** As {@link latest}, for a scrape of metrics; undefined where it would take the process too long. */
  scraped(): StressReport | undefined {
    const { board, ledger } = this.engine();
    const isComputed = board.latestForecast?.forecastId === this.report?.forecastId;
    if (!isComputed && hasMore(ledger.openAccounts(), MOST_SCRAPED)) return undefined;
    return this.latest() ?? undefined;
  }

  /** Relative moves of the marks since the last report, for the worst hours. */
  private remember(forecastId: string): void {
    const { board } = this.engine();
    const prices = new Map(board.knownMarkets().map((market) => [market, board.mark(market)!.value]));
    const before = this.marks?.prices;
    if (before !== undefined) {
      const moves = [...prices].flatMap(([market, price]) => {
        const from = before.get(market);
        return from === undefined ? [] : [[market, price / from - 1] as const];
      });
      this.moves.push(new Map(moves));
      if (this.moves.length > HOURS_KEPT) this.moves.shift();
    }
    this.marks = { forecastId, prices };
  }
}

function hasMore(names: Iterable<string>, most: number): boolean {
  let count = 0;
  for (const _ of names) if (++count > most) return true;
  return false;
}
