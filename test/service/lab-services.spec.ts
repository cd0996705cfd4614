import { quickParameters } from '../support/quick-parameters.js';
import { describe, expect, it } from 'vitest';
import { type BookEvent, exchangeParameters as exchangeParametersOf } from '#lib/exchange';
import {
  exchangeParameters,
  flowOfJournal,
  forecastSettings,
  forecastsOf,
  generatedPrices,
  LAB_DEFAULTS,
  labParameters,
  labRun,
  liquidatingParameters,
  populationOf,
  type PricePanel,
  RecordedFlow,
  runRequest,
  type VenueCommand,
  zkriskSettings,
  ZkriskVenue,
} from '#lib/lab';
import { liquidatingParameters as liquidatingParametersOf } from '#lib/liquidating';
import { loadSolvers } from '#lib/liquidation';
import { type Outgoing, outgoing, type Topic, TOPICS } from '#lib/messages';
import { forecasterConfig, forecastingParametersOf } from '../../apps/forecaster/src/index.js';
import { liquidatorConfig } from '../../apps/liquidator/src/index.js';
import { pricerConfig } from '../../apps/pricer/src/index.js';
import { startEngine } from '../../apps/zkrisk/src/index.js';
import { startTestDatabase } from '../support/database.js';
import { booksOf } from '../support/topology.js';

const PARAMETERS = labParameters({
  ...{ minimumBars: 30, windowBars: 60, refitEveryBars: 25, horizonBars: 8 },
  ...{ accounts: 60, decisionsPerBar: 6, liquidity: 1_000_000, whale: 100_000, attacker: 5000 },
});
const ENVIRONMENT = {
  FIRST_PARAMETERS: quickParameters(),
  ...{ PORT: '0', HOUSE_LIQUIDATOR: 'off', LOG_LEVEL: 'error' },
};

interface Recorded {
  readonly commands: VenueCommand[][];
  readonly events: BookEvent[];
}

/** The lab's commands by bar, and its book events. */
async function inTheLab(panel: PricePanel): Promise<Recorded> {
  const forecasts = await forecastsOf(panel, forecastSettings(PARAMETERS, panel.barMs));
  const solvers = await loadSolvers();
  const commands: VenueCommand[][] = [[]];
  const events: BookEvent[] = [];
  labRun({
    ...{ panel, forecasts },
    flow: populationOf({ rules: 'zkrisk', seed: 3, parameters: PARAMETERS }, panel.markets.length),
    venue: (tell) =>
      new ZkriskVenue(panel.markets, zkriskSettings(PARAMETERS, panel.barMs), solvers, tell, {
        book: (sequence, event) => {
          expect(sequence).toBe(events.push(event));
        },
        command: (command) => commands.at(-1)!.push(command),
      }),
    progress: () => commands.push([]),
  });
  return { commands, events };
}

const TOPIC_OF = {
  trades: TOPICS.trades,
  'liquidation-trades': TOPICS.liquidationTrades,
  accounts: TOPICS.accounts,
  liquidity: TOPICS.liquidity,
};

function messageOf({ topic, time, payload }: VenueCommand, sequence: number): Outgoing {
  const { tradeId, planId, commandId, account, provider } = payload as Record<string, string>;
  const key = (account ?? provider).split('~')[0];
  const header = { id: tradeId ?? planId ?? commandId, sequence, time };
  return { ...outgoing(TOPIC_OF[topic] as unknown as Topic<object>, key, header, payload), appendedAt: time };
}

/** The services, on embedded parts, are sent the same prices and commands, each topic's drained before the next. */
async function byServices(panel: PricePanel, commands: readonly VenueCommand[][]): Promise<BookEvent[]> {
  const database = await startTestDatabase();
  const engine = await startEngine({ ...ENVIRONMENT, DATABASE_URL: database.url });
  try {
    const { signal } = new AbortController();
    const send = async (messages: Outgoing[]) => {
      if (messages.length === 0) return;
      await engine.log.publish(messages);
      await engine.log.drained(signal);
    };
    let sequence = 0;
    for (const [bar, time] of panel.times.entries()) {
      const ticks = panel.markets.map((market, i) => {
        const header = { id: `price-${bar}-${market}`, sequence: bar, time };
        return outgoing(TOPICS.prices, market, header, { kind: 'tick', market, price: panel.text[bar][i]! });
      });
      const watermark = { kind: 'watermark', until: time } as const;
      const header = { id: `watermark-${bar}`, sequence: bar, time };
      const prices = [...ticks, outgoing(TOPICS.prices, 'watermark', header, watermark)];
      await send(prices.map((message) => ({ ...message, appendedAt: time })));
      let batch: Outgoing[] = [];
      let topic: string | undefined;
      for (const command of commands[bar]) {
        if (command.topic !== topic) await send(batch.splice(0));
        topic = command.topic;
        batch.push(messageOf(command, ++sequence));
      }
      await send(batch);
      batch = [];
    }
    const { events } = await booksOf(engine.database);
    return (events as { payload: BookEvent }[]).map(({ payload }) => payload);
  } finally {
    await engine.stop();
    await database.stop();
  }
}

describe('the lab beside the services', () => {
  it('has the services’ settings where nothing is set', () => {
    const barMs = 3_600_000;
    const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;
    expect(plain(exchangeParameters(LAB_DEFAULTS, barMs))).toEqual(
      plain(exchangeParametersOf(pricerConfig({}).FIRST_PARAMETERS, undefined)),
    );
    expect(plain(liquidatingParameters(LAB_DEFAULTS, barMs))).toEqual(
      plain(liquidatingParametersOf(liquidatorConfig({}).FIRST_PARAMETERS, undefined)),
    );
    expect(plain(forecastSettings(LAB_DEFAULTS, barMs).parameters)).toEqual(
      plain(forecastingParametersOf(forecasterConfig({}).FIRST_PARAMETERS, undefined)),
    );
  });

  it('comes to the same book events, to the last digit', async () => {
    const panel = generatedPrices({ seed: 5, markets: 6, bars: 90, crash: { bar: 70, fall: 0.5 } });
    const { commands, events } = await inTheLab(panel);
    const count = (kind: BookEvent['kind']) => events.filter((event) => event.kind === kind).length;
    expect(count('trade-booked')).toBeGreaterThan(100);
    expect(commands.flat().filter(({ topic }) => topic === 'liquidation-trades').length).toBeGreaterThan(0);
    const booked = await byServices(panel, commands);
    const bare = booked.map(({ digest: _, ...event }) => event);
    expect(bare).toEqual(JSON.parse(JSON.stringify(events)));
    // Their journal is flow that the lab plays: every trade that traders had booked, at their times.
    const flow = flowOfJournal(booked.map((event) => JSON.stringify(event)));
    const own = events.filter((event) => event.kind === 'trade-booked' && event.planId === undefined);
    expect(flow.filter(({ kind }) => kind === 'trade')).toHaveLength(own.length);
    const forecasts = await forecastsOf(panel, forecastSettings(PARAMETERS, panel.barMs));
    const { figures } = runRequest(
      { rules: 'linear', seed: 1, parameters: PARAMETERS },
      ...([panel, forecasts, await loadSolvers()] as const),
      { flow: new RecordedFlow(flow, panel.markets, panel.times) },
    );
    expect(figures.trades).toBeGreaterThan(0.9 * own.length);
  }, 240_000);
});
