import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BookChange } from '#lib/commitment';
import { uniform } from '../../../../test/support/arbitraries.js';
import { ExchangeMachine } from '../../../../test/support/exchange-machine.js';

const MARKETS = ['A', 'B', 'C'];

/** Changes of the pool's book in some steps that are drawn, recorded. @param often whether records are taken after each step */
function recorded(often: boolean): BookChange[] {
  const drawn = fc.sample(uniform(0, 1), { seed: 3, numRuns: 400 })[Symbol.iterator]();
  const random = () => drawn.next().value!;
  const machine = new ExchangeMachine(MARKETS, { rules: { margin: { mode: 'portfolio' } } });
  machine.provide('lp', 3_000_000);
  for (const account of ['u', 'v']) machine.deposit(account, 50_000);
  const recorder = machine.engine.recordChanges();
  const taken: BookChange[] = [];
  for (let step = 0; step < 60; step++) {
    const market = MARKETS[Math.floor(3 * random())];
    const account = random() < 0.5 ? 'u' : 'v';
    const size = (40 * (random() - 0.5)).toFixed(4);
    const mark = machine.engine.board.mark(market)!.value;
    const kind = random();
    if (kind < 0.4) machine.trade(account, { [market]: size });
    else if (kind < 0.6)
      machine.trade(account, [
        [market, size],
        ['A', '1'],
        [market, '2'],
      ]);
    else if (kind < 0.9) machine.marks({ [market]: Number((mark * (0.99 + 0.02 * random())).toFixed(4)) });
    else recorder.begin();
    // A price that is asked for between a trade and its record changes nothing.
    machine.engine.price([{ market, size: '3' }]);
    if (often) taken.push(...recorder.take());
  }
  return [...taken, ...recorder.take()];
}

describe('BookRecorder', () => {
  it('has the records of the moment of each change, whenever they are taken', () => {
    const [late, early] = [recorded(false), recorded(true)];
    expect(early.filter(({ kind, traded }) => kind === 1 && traded !== '0').length).toBeGreaterThan(20);
    expect(late).toEqual(early);
  });

  it('has what the trade was priced at, its sizes netted by market, and the marks that are others than before', () => {
    const machine = new ExchangeMachine(MARKETS);
    machine.provide('lp', 1_000_000);
    machine.deposit('u', 50_000);
    const recorder = machine.engine.recordChanges();
    const { capital, liquidity, pendingToCapital } = machine.ledger;
    const price = machine.engine.price([
      { market: 'A', size: '30' },
      { market: 'B', size: '-5' },
    ]);
    machine.trade('u', [
      ['A', '10'],
      ['B', '-5'],
      ['A', '20'],
    ]);
    machine.marks({ A: 101 });
    machine.trade('u', { A: -30 });
    const [first, second] = recorder.take();
    expect(first).toMatchObject({
      ...{ kind: 1, time: machine.time - 1000, capital: String(capital), liquidity: String(liquidity) },
      pending: String(pendingToCapital),
      traded: String(30n * 100n * 10n ** 8n - 5n * 100n * 10n ** 8n),
      riskPremium: String(price.riskPremium),
      liquidityPremium: String(price.liquidityPremium),
      charged: String(price.riskPremium + price.liquidityPremium),
      changes: [
        ['A', '3000000000', '300000000000'],
        ['B', '-500000000', '-50000000000'],
      ],
    });
    expect(first.marks).toContainEqual(['A', `100${'0'.repeat(18)}`]);
    expect(second.changes).toEqual([['A', '0', '0']]);
    expect(second.marks).toEqual([['A', `101${'0'.repeat(18)}`]]);
    expect(recorder.take()).toEqual([]);
  });
});
