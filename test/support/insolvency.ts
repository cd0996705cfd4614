import { type Outgoing, outgoing, type Topic, TOPICS } from '#lib/messages';
import { randomStream } from '#lib/runtime';
import { quickParameters } from './quick-parameters.js';

const START = Date.UTC(2025, 0, 1);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MARKETS = ['AAA', 'BBB'] as const;
const WARM_UP_BARS = 36;

/** Linear margin without caps, which would refuse what is drilled here, and marks that take any move at once. */
export const INSOLVENCY_PARAMETERS = quickParameters({
  margin: { mode: 'linear', rates: { default: { maintenance: 0.03, initial: 0.05 }, markets: {} } },
  credit: { accountShare: null, poolShare: null, loading: 0 },
  marks: { bandMinimum: 10 },
});

/** Messages of one topic, sent together when everything before has been taken in. */
export interface DrillStep {
  readonly name: string;
  readonly messages: readonly Outgoing[];
}

/**
 * A crash that takes more than the pool has: ten accounts win 195,000 of a pool of 100,000, one goes bankrupt, one leaves, one makes its
 * position smaller; an hour later the loss is shared. Then others come, and their premia repay the notes.
 */
export function insolvencySteps(): DrillStep[] {
  const steps: DrillStep[] = [];
  const random = randomStream(17);
  const prices = new Map<string, number>(MARKETS.map((market) => [market, 100]));
  let [bar, sequence] = [0, 0];
  const step = (name: string, messages: Outgoing[]) => steps.push({ name, messages });
  const ticks = (time: number) =>
    MARKETS.map((market) => {
      const header = { id: `price-${++sequence}`, sequence, time };
      return outgoing(TOPICS.prices, market, header, {
        ...{ kind: 'tick', market },
        price: prices.get(market)!.toFixed(6),
      });
    });
  /** an hour, at whose end prices have moved by less than a percent */
  const hour = () => {
    for (const market of MARKETS)
      prices.set(market, prices.get(market)! * (1 + 0.004 * (random.uniform() - 0.5)));
    const time = START + ++bar * HOUR_MS;
    const header = { id: `watermark-${bar}`, sequence: bar, time };
    const watermark = { kind: 'watermark', until: time } as const;
    return [...ticks(time), outgoing(TOPICS.prices, 'watermark', header, watermark)];
  };
  const within = (ms: number) => ticks(START + bar * HOUR_MS + ms);
  const commands = <Payload>(topic: Topic<Payload>, given: readonly (Payload & object)[]) =>
    given.map((payload) => {
      const { tradeId, commandId, account, provider } = payload as Record<string, string>;
      const header = { id: tradeId ?? commandId, sequence: ++sequence, time: START + bar * HOUR_MS };
      return outgoing(topic, account ?? provider, header, payload);
    });
  const deposits = (by: Readonly<Record<string, number>>) =>
    commands(
      TOPICS.accounts,
      Object.entries(by).map(([account, amount]) => ({
        ...{ kind: 'deposit' as const, commandId: `deposit-${account}`, account, amount: String(amount) },
      })),
    );
  const trades = (by: Readonly<Record<string, readonly [market: string, size: number]>>) =>
    commands(
      TOPICS.trades,
      Object.entries(by).map(([id, [market, size]]) => ({
        ...{ tradeId: `trade-${id}`, account: id.split('.')[0], legs: [{ market, size: String(size) }] },
      })),
    );
  const liquidity = (provider: string, amount: number) =>
    commands(TOPICS.liquidity, [
      { kind: 'deposit', commandId: `provide-${provider}`, provider, amount: String(amount) },
    ]);
  const winners = Array.from({ length: 10 }, (_, i) => `w${i}`);
  const named = <T>(of: (i: number) => T) => Object.fromEntries(winners.map((name, i) => [name, of(i)]));

  step('warm up', Array.from({ length: WARM_UP_BARS }, hour).flat());
  step('liquidity', liquidity('lp', 100_000));
  step('deposits', deposits({ ...named((i) => 60_000 + 1000 * i), loser: 20_000, idle: 50_000 }));
  step('an hour', hour());
  step('trades', trades({ ...named((i) => ['AAA', 100 + 50 * i] as const), loser: ['BBB', 2000] }));
  step('a calm hour', hour());
  prices.set('AAA', prices.get('AAA')! * 1.6);
  prices.set('BBB', prices.get('BBB')! * 0.85);
  step('the crash', within(30 * MINUTE_MS));
  step('six seconds later', within(30 * MINUTE_MS + 6000));
  step('insolvent at marks', hour());
  step('reduce-only', trades({ 'w3.less': ['AAA', -50], 'idle.more': ['AAA', 1] }));
  step(
    'a leaver',
    commands(TOPICS.accounts, [
      { kind: 'withdrawal', commandId: 'leave-w0', account: 'w0', amount: '1000', acceptHaircut: true },
    ]),
  );
  step('the loss is shared', hour());
  step('new liquidity', liquidity('lp2', 500_000));
  step('a new trader', deposits({ payer: 400_000 }));
  step('an hour after', hour());
  step('its trade', trades({ payer: ['AAA', 2000] }));
  for (let i = 1; i <= 12; i++) step(`income vests, hour ${i}`, hour());
  step('a claim', commands(TOPICS.accounts, [{ kind: 'claim', commandId: 'claim-w9', account: 'w9' }]));
  step('the last hour', hour());
  return steps;
}
