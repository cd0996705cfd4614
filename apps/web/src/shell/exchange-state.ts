import type { Book, Markets } from '../engine/answers.js';
import type { Tone } from '../parts/figures.js';

export interface ExchangeState {
  readonly tone: Tone;
  readonly word: string;
  readonly why: string;
}

/** The exchange in a word: the worst that holds. */
export function exchangeState(book: Book | undefined, markets: Markets | undefined): ExchangeState {
  if (book === undefined || markets === undefined)
    return { tone: 'quiet', word: 'Unknown', why: 'The engine has not answered yet.' };
  if (book.solvency.state === 'insolvent')
    return {
      tone: 'bad',
      word: 'Insolvent',
      why: 'Capital and liquidity do not cover what traders are owed: positions can only be made smaller, liquidity waits, withdrawals are paid pro rata.',
    };
  const count = (...states: string[]) =>
    markets.markets.filter(({ status }) => states.includes(status)).length;
  const all = markets.markets.length;
  if (all === 0) return { tone: 'quiet', word: 'No market yet', why: 'No price has come yet.' };
  const none = count('no-forecast', 'warming-up');
  if (none === all)
    return { tone: 'warn', word: 'Warming up', why: 'There is no forecast yet: nothing can be priced.' };
  const halted = count('halted', 'closed');
  if (halted > 0)
    return { tone: 'bad', word: `${halted} of ${all} halted`, why: 'The operator has halted them.' };
  const poor = count('stale', 'uncertain', 'wide');
  if (poor > 0)
    return {
      tone: 'warn',
      word: `${poor} of ${all} uncertain or stale`,
      why: 'Their marks are not good enough for every action.',
    };
  const reduced = count('reduce-only');
  if (reduced > 0)
    return { tone: 'warn', word: `${reduced} of ${all} reduce-only`, why: 'By the operator’s order.' };
  const warming = count('warming-up');
  if (warming > 0)
    return {
      tone: 'warn',
      word: `Open, ${warming} of ${all} warming up`,
      why: 'Markets that have too few bars for the model.',
    };
  return { tone: 'good', word: 'Open', why: 'Solvent, every market open on fresh marks.' };
}

const TONES: Readonly<Record<string, Tone>> = {
  ok: 'good',
  wide: 'warn',
  uncertain: 'warn',
  stale: 'warn',
  'reduce-only': 'warn',
  'warming-up': 'quiet',
  'no-forecast': 'quiet',
  halted: 'bad',
  closed: 'bad',
};

export function marketTone(status: string): Tone {
  return TONES[status] ?? 'quiet';
}
