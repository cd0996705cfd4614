import { KafkaJsBroker } from '#lib/events';
import {
  ALL_TOPICS,
  type CovariancePayload,
  type Outgoing,
  outgoing,
  OUTSIDERS,
  TOPICS,
} from '#lib/messages';
import type { RandomStream } from '#lib/runtime';
import { hostileValues } from './hostile-values.js';
import { credentialsOf } from './secured-broker.js';

/** Everybody who may write topics of a secured broker from outside, each under its own name, and the services for the forecast. */
export class Outsiders {
  private readonly principals;
  private readonly services: KafkaJsBroker;
  private sequence = 0;

  /** @param told counts each attempt, and hears of each write that an access list should have refused */
  constructor(
    address: string,
    private readonly random: RandomStream,
    private readonly told: {
      readonly count: (name: string) => void;
      readonly problem: (text: string) => void;
    },
  ) {
    this.principals = OUTSIDERS.map((name) => ({
      name,
      broker: new KafkaJsBroker(credentialsOf(address, name)),
    }));
    this.services = new KafkaJsBroker(credentialsOf(address, 'zkrisk'));
  }

  /** The feed’s prices of now. */
  tick(markets: readonly string[], prices: readonly number[]): Promise<void> {
    const feed = this.principals.find(({ name }) => name === 'price-feed')!.broker;
    return this.send(
      feed,
      ...markets.map((market, i) => {
        const tick = { kind: 'tick' as const, market, price: prices[i].toFixed(6) };
        return outgoing(TOPICS.prices, market, this.header(`tick-${this.sequence}`), tick);
      }),
    );
  }

  forecast(forecast: CovariancePayload): Promise<void> {
    return this.send(
      this.services,
      outgoing(TOPICS.covariance, 'market', this.header(forecast.forecastId), forecast),
    );
  }

  /**
   * Each outsider writes rubbish and forgeries to a topic of its own, and tries one that is not.
   *
   * @param plans that are open
   */
  async attack(plans: readonly string[] = []): Promise<void> {
    for (const { name, broker } of this.principals) {
      const own = ALL_TOPICS.filter(({ outsiders }) => outsiders?.includes(name));
      const { name: topic } = own[Math.floor(this.random.uniform() * own.length)];
      const values = hostileValues(this.header(`hostile-${this.sequence}`), topic, plans);
      const value = values[Math.floor(this.random.uniform() * values.length)];
      await broker.sendFast(topic, [{ key: 'gang-0', partition: 0, value, headers: {} }]).then(
        () => this.told.count(`${name} wrote ${topic}`),
        (error: unknown) =>
          this.told.count(`${name} could not write ${topic}: ${String(error).slice(0, 60)}`),
      );
      const forbidden = ALL_TOPICS.filter(({ outsiders }) => outsiders?.includes(name) !== true);
      const { name: other } = forbidden[Math.floor(this.random.uniform() * forbidden.length)];
      await broker.sendFast(other, [{ key: 'k', partition: 0, value: '{}', headers: {} }]).then(
        () => this.told.problem(`${name} has written ${other}`),
        () => this.told.count(`${name} was kept from ${other}`),
      );
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.principals.map(({ broker }) => broker.close()), this.services.close()]);
  }

  private async send(broker: KafkaJsBroker, ...messages: Outgoing[]): Promise<void> {
    for (const { topic, key, value } of messages)
      await broker.sendFast(topic, [{ key, value, partition: 0, headers: {} }]);
  }

  private header(id: string): { id: string; sequence: number; time: number } {
    return { id, sequence: ++this.sequence, time: Date.now() };
  }
}
