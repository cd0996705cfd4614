import type { Broker, BrokerSubscription } from '#lib/events';

/** Trades from sending to their event on the topic `book`. */
export class BookedTrades {
  private readonly sentAt = new Map<string, number>();
  private latencies: number[] = [];
  private subscription: BrokerSubscription | undefined;
  /** trades that were refused */
  refused = 0;

  constructor(private readonly broker: Pick<Broker, 'offsets' | 'subscribe'>) {}

  /** Trades sent and not decided. */
  get outstanding(): number {
    return this.sentAt.size;
  }

  sent(tradeIds: Iterable<string>): void {
    const now = performance.now();
    for (const id of tradeIds) this.sentAt.set(id, now);
  }

  /** Milliseconds from sending to the event since the last call, ascending. */
  takeLatencies(): number[] {
    const taken = this.latencies.sort((a, b) => a - b);
    this.latencies = [];
    return taken;
  }

  /** Follows the book from its end: a trade is decided by the event that books or refuses it. */
  async follow(): Promise<void> {
    const [{ high }] = await this.broker.offsets('book');
    this.subscription = await this.broker.subscribe({
      group: `load-${Date.now()}`,
      topics: ['book'],
      share: () => new Map([['book', [0]]]),
      onAssigned: () => Promise.resolve([{ topic: 'book', partition: 0, offset: high }]),
      onRecords: (_topic, _partition, records) => {
        const now = performance.now();
        for (const { value } of records) {
          const id = /"tradeId":"([^"]+)"/.exec(value)?.[1];
          const sent = id === undefined ? undefined : this.sentAt.get(id);
          if (id === undefined || sent === undefined) continue;
          this.sentAt.delete(id);
          this.latencies.push(now - sent);
          if (value.includes('"trade-rejected"')) this.refused++;
        }
      },
      maximumWaitMs: 20,
    });
  }

  async close(): Promise<void> {
    await this.subscription?.close();
  }
}
