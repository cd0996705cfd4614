import type { MatchPayload } from '#lib/messages';
import { randomStream } from '#lib/runtime';
import { TradingExchange } from './decisions.js';
import { cpuSeconds } from './growth.js';

/** CPU time of decisions in one run, microseconds. */
export interface MatchReport {
  readonly markets: number;
  readonly accounts: number;
  /** a trade of one leg against the pool */
  readonly trade: number;
  /** by the fills that a match has: of a match, and of each of its accounts' sides */
  readonly matches: readonly { readonly fills: number; readonly match: number; readonly side: number }[];
}

/** Trades against the pool and matches between accounts, decided in process by one exchange. A fill changes two accounts, a trade one. */
export function matchFigures(markets = 50, accounts = 2000, decisions = 4000): MatchReport {
  const exchange = new TradingExchange(markets, accounts, 3);
  exchange.run(exchange.commands(decisions));
  const commands = [1, 2, 3].map(() => exchange.commands(decisions));
  const trade = Math.min(
    ...commands.map((some) =>
      cpuSeconds(1, () => {
        exchange.run(some);
      }),
    ),
  );
  const { engine } = exchange;
  const random = randomStream(29);
  let matches = 0;
  // As with the trades each account has one market; where accounts are a multiple of the markets, so have both sides of a fill.
  const fillOf = (): MatchPayload['fills'][number] => {
    const buyer = Math.floor(random.uniform() * accounts);
    const others = Math.floor(accounts / markets) - 1;
    const seller = (buyer + markets * (1 + Math.floor(random.uniform() * others))) % accounts;
    const market = `M${buyer % markets}`;
    return {
      ...{ buyer: `account-${buyer}`, seller: `account-${seller}`, market, maker: 'buyer' },
      ...{ size: (0.01 + random.uniform()).toFixed(4), price: engine.board.mark(market)!.text },
    };
  };
  const match = (fills: number) => {
    const command: MatchPayload = {
      ...{ matchId: `m${++matches}`, pool: [], releases: [] },
      fills: Array.from({ length: fills }, fillOf),
    };
    const booked = engine.match(command, engine.board.now).at(-1)!;
    if (booked.kind !== 'match-booked') throw new Error(`a match was not booked: ${JSON.stringify(booked)}`);
  };
  return {
    ...{ markets, accounts, trade: (1e6 * trade) / decisions },
    matches: [1, 8, 32].map((fills) => {
      const count = Math.ceil(decisions / fills);
      const seconds = cpuSeconds(3, () => {
        for (let i = 0; i < count; i++) match(fills);
      });
      return { fills, match: (1e6 * seconds) / count, side: (1e6 * seconds) / (2 * fills * count) };
    }),
  };
}
