import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CovariancePayload } from '#lib/messages';
import { uniform } from '../support/arbitraries.js';
import { ExchangeMachine, START } from '../support/exchange-machine.js';

const KINDS = [
  ...['deposit', 'withdrawal', 'transfer', 'trade', 'match', 'provide', 'leave', 'valuation'],
  ...['liquidation', 'parameters', 'forecast', 'reserve', 'accept'],
] as const;
type Kind = (typeof KINDS)[number];

/** A message of the topic of a kind, dated anywhere from a century ago to one ahead. */
function send(
  { engine }: ExchangeMachine,
  kind: Kind,
  i: number,
  time: number,
  forecast: CovariancePayload,
): unknown {
  const [commandId, account, amount] = [`c${i}`, 'a', '5'];
  const legs = [{ market: 'A', size: '0.1' }];
  switch (kind) {
    case 'deposit':
      return engine.account({ kind, commandId, account, amount }, time);
    case 'withdrawal':
      return engine.account({ kind, commandId, account, amount }, time);
    case 'transfer':
      return engine.account({ kind, commandId, account, market: 'A', amount }, time);
    case 'reserve':
      return engine.account({ kind, commandId, account, legs }, time);
    case 'accept':
      return engine.account({ kind: 'accept-takeovers', commandId, account, notional: amount }, time);
    case 'trade':
      return engine.book({ tradeId: commandId, account, legs }, time);
    case 'match': {
      const pool = [{ account, market: 'A', size: '0.1' }];
      return engine.match({ matchId: commandId, fills: [], pool, releases: [] }, time);
    }
    case 'provide':
      return engine.liquidity({ kind: 'deposit', commandId, provider: account, amount }, time);
    case 'leave':
      return engine.liquidity(
        { kind: 'withdrawal', commandId, provider: 'lp', amount, mode: 'locked' },
        time,
      );
    case 'valuation': {
      const vault = { vault: `0x${'11'.repeat(20)}`, block: i, haircut: 0.1 };
      return engine.valuation(
        { ...vault, provider: 'vault', units: '5', settled: '0', unitValue: '1' },
        time,
      );
    }
    case 'liquidation':
      return engine.liquidate({ planId: commandId, account, legs, liquidator: 'bot', parameters: 1 }, time);
    case 'parameters':
      return engine.setParameters(
        {
          commandId,
          base: 1,
          parameters: engine.parameters.rules.parameters,
          by: 'olga',
          reason: 'r',
          issuedAt: START,
        },
        time,
      );
    case 'forecast':
      return engine.setForecast({ ...forecast, forecastId: `f-${i}`, barEnd: time });
  }
}

/** Law 7: market time is that of confirmed prices, whatever the messages of the other topics are dated. */
describe('a message of any topic but that of prices', () => {
  it('moves no market time, and makes no honest tick late, whatever it is dated', () => {
    const kinds = new Set<Kind>();
    fc.assert(
      fc.property(
        fc.array(fc.record({ kind: fc.constantFrom(...KINDS), years: uniform(-24, 70) }), {
          minLength: 1,
          maxLength: 30,
        }),
        (messages) => {
          const machine = new ExchangeMachine(['A', 'B']);
          machine.provide('lp', 1_000_000);
          machine.deposit('a', 10_000);
          const { board } = machine.engine;
          const forecast = board.latestForecast!;
          messages.forEach(({ kind, years }, i) => {
            const before = board.now;
            try {
              send(machine, kind, i, Math.round(START + years * 31_557_600_000), forecast);
              kinds.add(kind);
            } catch (error) {
              // A forecast is refused by an error: the others by an event.
              expect(kind).toBe('forecast');
              expect(error).toHaveProperty('code');
            }
            machine.engine.takeMatured();
            expect(board.now, kind).toBe(before);
            expect(() => {
              machine.marks({}, 1000);
            }).not.toThrow();
            expect(board.now).toBe(before + 1000);
          });
        },
      ),
      { numRuns: 60 },
    );
    expect(kinds.size).toBeGreaterThanOrEqual(KINDS.length - 1);
  });
});
