import { type AccountSlice, type BookFrame, type StressReport, stressReportOf } from '#lib/lab';
import { answerRequests, STEP_BACK, stepBack } from '#lib/runtime';

/** Relative moves of marks from one report to the next. */
export interface PastMoves {
  readonly markets: readonly string[];
  readonly moves: Float64Array;
}

/** A book, some accounts at a time, then the request for its report. */
export type StressRequest =
  | { readonly kind: 'begin' }
  | { readonly kind: 'accounts'; readonly slice: AccountSlice }
  | { readonly kind: 'report'; readonly frame: BookFrame; readonly history: readonly PastMoves[] };

let slices: AccountSlice[] = [];

// Whoever decides goes first, and the figure comes in time all the same.
stepBack(STEP_BACK.some);

answerRequests((request: StressRequest): StressReport | undefined => {
  if (request.kind === 'begin') slices = [];
  else if (request.kind === 'accounts') slices.push(request.slice);
  else return report(request.frame, request.history);
  return undefined;
});

function report(frame: BookFrame, history: readonly PastMoves[]): StressReport {
  const book = slices;
  slices = [];
  const accounts = book.reduce((sum, { ends }) => sum + ends.length, 0);
  // A thread that has taken the place of another one has the slices since then alone.
  if (accounts !== frame.accounts)
    throw new Error(`${accounts} accounts have arrived of ${frame.accounts} with positions`);
  const past = history.map(({ markets, moves }) => {
    const by = new Map(markets.map((market, i) => [market, moves[i]]));
    return Float64Array.from(frame.forecastMarkets, (market) => by.get(market) ?? 0);
  });
  return stressReportOf(frame, book, past);
}
