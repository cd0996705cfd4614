import { describe, expect, it } from 'vitest';
import type { Book, Markets } from '../engine/answers.js';
import { exchangeState } from './exchange-state.js';

const book = (state: 'solvent' | 'insolvent') => ({ solvency: { state } }) as Book;
const markets = (...statuses: string[]) =>
  ({ markets: statuses.map((status) => ({ status })) }) as unknown as Markets;

describe('exchangeState', () => {
  it.each([
    ['Open', ['ok', 'ok']],
    ['No market yet', []],
    ['Warming up', ['no-forecast', 'no-forecast']],
    ['Warming up', ['warming-up', 'no-forecast']],
    ['1 of 2 halted', ['ok', 'halted']],
    ['1 of 2 halted', ['closed', 'ok']],
    ['1 of 2 uncertain or stale', ['ok', 'stale']],
    ['2 of 2 uncertain or stale', ['wide', 'uncertain']],
    ['1 of 2 reduce-only', ['reduce-only', 'ok']],
    ['Open, 1 of 2 warming up', ['ok', 'warming-up']],
  ])('is %s with markets %j', (word, statuses) => {
    expect(exchangeState(book('solvent'), markets(...statuses)).word).toBe(word);
  });

  it('is the worst that holds: insolvent before halted, halted before stale, stale before reduce-only', () => {
    const worsening = ['warming-up', 'reduce-only', 'stale', 'halted'];
    const words = worsening.map((_, i) => {
      const found = markets(...worsening.slice(0, i + 1), 'ok');
      return exchangeState(book('solvent'), found).word.replace(/^.*of \d+ /, '');
    });
    expect(words).toEqual(['warming up', 'reduce-only', 'uncertain or stale', 'halted']);
    expect(exchangeState(book('insolvent'), markets('halted')).word).toBe('Insolvent');
  });

  it('is unknown where the engine has not answered', () => {
    expect(exchangeState(undefined, markets('ok')).word).toBe('Unknown');
    expect(exchangeState(book('solvent'), undefined).word).toBe('Unknown');
  });
});
