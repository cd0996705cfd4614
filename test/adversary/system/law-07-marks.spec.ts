import { describe, expect, it } from 'vitest';
import { outgoing, TOPICS } from '#lib/messages';
import { HouseLiquidator } from '../../../apps/liquidator/src/index.js';
import { type MarketSource, Replayer, simulatedMarket, startEngine } from '../../../apps/zkrisk/src/index.js';
import { startTestDatabase } from '../../support/database.js';
import { QUICK_MODEL } from '../../support/topology.js';
import { narrowMargins } from '../../support/narrow-margins.js';

const BARS = 120;
const PRINT_AT = 100;

interface Replayed {
  readonly heldBack: boolean;
  readonly end: {
    /** accounts that were liquidated, and when */
    readonly liquidated: readonly string[];
    readonly capital: bigint;
    readonly liquidity: bigint;
    readonly riskMeasure: number;
    readonly imbalance: bigint;
  };
}

/** Three markets, replayed to the end; half an hour before a bar a print of SIM-B comes that is wrong by `factor`. */
async function replay(factor: number): Promise<Replayed> {
  const clean = simulatedMarket(7, BARS);
  const source: MarketSource = {
    ...clean,
    markets: clean.markets.slice(0, 3),
    *rows(from) {
      for (const row of clean.rows(from)) yield { ...row, prices: row.prices.slice(0, 3) };
    },
  };
  const database = await startTestDatabase();
  const engine = await startEngine({
    ...{ ...QUICK_MODEL, DATABASE_URL: database.url, PORT: '0' },
    ...{ HOUSE_LIQUIDATOR: 'off', LOG_LEVEL: 'error', ...narrowMargins() },
  });
  try {
    const house = engine.app.get(HouseLiquidator);
    let heldBack = false;
    const print = async (bar: number) => {
      if (bar !== PRINT_AT || factor === 1) return;
      const [{ time, prices }] = clean.rows(bar);
      const at = time - 1_800_000;
      const header = { id: 'print', sequence: bar, time: at };
      const price = (Number(prices[1]) * factor).toPrecision(8);
      const tick = { kind: 'tick', market: 'SIM-B', price } as const;
      await engine.log.publish([{ ...outgoing(TOPICS.prices, 'SIM-B', header, tick), appendedAt: at }]);
      await engine.log.drained(new AbortController().signal);
      heldBack = engine.pricer.engine.board.marks.state('SIM-B') === 'uncertain';
    };
    await new Replayer(source, engine.log, engine.database, {
      ...{ speed: undefined, liquidity: 1_000_000, warmUpBars: 0, before: print },
      flow: { seed: 11, accounts: 60, tradesPerBar: 6, medianNotional: 20_000, firstBar: 40 },
      liquidator: (manager) => house.reports(manager),
    }).run(new AbortController().signal);
    const rows = await engine.database.query<{ account: string; at: string }[]>(
      `select payload->>'account' as account, at from book_event
       where kind = 'trade-booked' and payload->>'planId' is not null order by sequence`,
    );
    const { ledger } = engine.pricer.engine;
    return {
      heldBack,
      end: {
        liquidated: rows.map(({ account, at }) => `${account}@${at}`),
        capital: ledger.capital,
        liquidity: ledger.liquidity,
        riskMeasure: engine.pricer.engine.standing.riskRecord().riskMeasure,
        imbalance: ledger.imbalance(),
      },
    };
  } finally {
    await engine.stop();
    await database.stop();
  }
}

describe('one wrong print of a lonely source (law 7)', () => {
  it('changes nothing: no liquidation, no capital, no risk', async () => {
    const clean = await replay(1);
    expect(clean.end.imbalance).toBe(0n);
    expect(clean.end.liquidated.length).toBeGreaterThan(0);
    for (const factor of [0.5, 1000]) expect(await replay(factor)).toEqual({ ...clean, heldBack: true });
  }, 240_000);
});
