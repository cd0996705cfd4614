import { beforeAll, describe, expect, it } from 'vitest';
import { chargeCredit, type PricingEngine } from '#lib/exchange';
import { loadSolvers } from '#lib/liquidation';
import { forecastsOf } from '../market/forecast-run.js';
import { generatedPrices } from '../market/generated-prices.js';
import { forecastSettings, labParameters, zkriskSettings } from '../run/lab-parameters.js';
import { labRun } from '../run/lab-run.js';
import { populationOf } from '../run/run-request.js';
import { ZkriskVenue } from './zkrisk-venue.js';

const PARAMETERS = labParameters({
  ...{ minimumBars: 20, windowBars: 40, refitEveryBars: 40, horizonBars: 8 },
  ...{ accounts: 80, decisionsPerBar: 10, liquidity: 500_000, whale: 200_000, attacker: 20_000 },
});

const HOUR_MS = 3_600_000;

/** An account and the two ways to see whether its charge is booked: exactly, and whether the pass looks at it. */
interface Seen {
  readonly booked: boolean;
  readonly looked: boolean;
  readonly charged: boolean;
}

function look(engine: PricingEngine): Seen[] {
  const names = [...engine.ledger.accountNames()];
  const looked = new Set(engine.credit.chargeable(engine.credit.numbersOf(names)));
  return names.map((account) => ({
    booked: chargeCredit(engine, account, engine.board.now, false) !== undefined,
    looked: looked.has(account),
    charged: engine.ledger.creditOf(account, engine.board.now).rate > 0n,
  }));
}

describe('credit charges', () => {
  const seen: Seen[] = [];
  beforeAll(async () => {
    const solvers = await loadSolvers();
    const panel = generatedPrices({ seed: 11, markets: 5, bars: 70, crash: { bar: 55, fall: 0.3 } });
    const forecasts = await forecastsOf(panel, forecastSettings(PARAMETERS, panel.barMs));
    let venue: ZkriskVenue | undefined;
    labRun({
      ...{ panel, forecasts },
      flow: populationOf({ rules: 'zkrisk', seed: 2, parameters: PARAMETERS }, panel.markets.length),
      venue: (tell) =>
        (venue = new ZkriskVenue(panel.markets, zkriskSettings(PARAMETERS, panel.barMs), solvers, tell)),
      progress: (bar) => {
        if (bar <= 35 || !venue!.engine.ready()) return;
        seen.push(...look(venue!.engine));
        // Between two bars as well: marks of a part of the markets have gone on by a little or a lot.
        const { engine } = venue!;
        const [market] = panel.markets;
        const mark = engine.board.mark(market)!.value;
        const price = (mark * (1 + 0.02 * Math.sin(bar))).toFixed(4);
        engine.take({ market, price, time: engine.board.now + 1000, sequence: bar });
        seen.push(...look(engine));
      },
    });
    // Debts and differences grow with time.
    const { engine } = venue!;
    for (let step = 0; step < 40; step++) {
      engine.watermark(engine.board.now + 3 * HOUR_MS);
      seen.push(...look(engine));
    }
  }, 60_000);

  it('are looked at wherever they would be booked', () => {
    expect(seen.filter(({ booked }) => booked).length).toBeGreaterThan(20);
    expect(seen.filter(({ booked, looked }) => booked && !looked)).toEqual([]);
  });

  it('are not looked at where nothing would be, but for a few', () => {
    const idle = seen.filter(({ booked, charged }) => !booked && charged);
    expect(idle.length).toBeGreaterThan(1000);
    expect(idle.filter(({ looked }) => looked).length).toBeLessThan(0.02 * idle.length);
  });
});
