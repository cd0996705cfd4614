import { type AccountSlice, type BookFrame, type StressReport, stressReportOf } from '#lib/lab';
import { stressView } from './stress-view.js';
import { answerRequests, STEP_BACK, stepBack } from '#lib/runtime';

/** A report as it is told: the figures that are looked at, and all of it as the JSON that `GET /v1/stress` answers, UTF-8. */
export interface WrittenStress {
  readonly known: Pick<StressReport, 'at' | 'forecastId' | 'barEnd' | 'accounts' | 'distance' | 'credit'>;
  readonly text: Uint8Array<ArrayBuffer>;
}

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

answerRequests(
  (request: StressRequest): WrittenStress | undefined => {
    if (request.kind === 'begin') slices = [];
    else if (request.kind === 'accounts') slices.push(request.slice);
    else return written(report(request.frame, request.history));
    return undefined;
  },
  (reply) => (reply === undefined ? [] : [reply.text.buffer]),
);

function written(whole: StressReport): WrittenStress {
  const { at, forecastId, barEnd, accounts, distance, credit } = whole;
  const text = new TextEncoder().encode(JSON.stringify(stressView(whole)));
  return { known: { at, forecastId, barEnd, accounts, distance, credit }, text };
}

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
