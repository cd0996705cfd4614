import type { Consumer, Kafka, Message, Producer } from 'kafkajs';
import type { Quote } from './types.js';

/** Answer to a pre-trade check. */
export type QuoteAnswer =
  | { readonly status: 'quoted'; readonly quote: Quote }
  | { readonly status: 'refused'; readonly code: string; readonly detail: string }
  /** the engine has read the request after its deadline */
  | { readonly status: 'expired'; readonly lateMs: number }
  /** nothing has come by the deadline */
  | { readonly status: 'unanswered' };

export interface QuoteChannelOptions {
  /** as the engine's KAFKA_PREFIX */
  readonly prefix?: string;
  /** how long an answer is of use, milliseconds */
  readonly timeoutMs?: number;
}

/** A question on its way to the broker. */
interface Asked {
  readonly message: Message;
  readonly failed: (error: unknown) => void;
}

/**
 * A matching engine's way to ask for quotes over Kafka: one request, one answer by its correlation id, or none in time.
 * The terms of a quote go with the trade into the topic `trades` when it is executed.
 */
export class QuoteChannel {
  private readonly producer: Producer;
  private readonly consumer: Consumer;
  private readonly waiting = new Map<string, (answer: QuoteAnswer) => void>();
  private asked: Asked[] = [];
  private readonly prefix: string;
  private readonly timeoutMs: number;

  constructor(
    private readonly kafka: Kafka,
    { prefix = '', timeoutMs = 1000 }: QuoteChannelOptions = {},
  ) {
    this.prefix = prefix;
    this.timeoutMs = timeoutMs;
    this.producer = kafka.producer({ allowAutoTopicCreation: false });
    this.consumer = kafka.consumer({
      groupId: `${prefix}quote-channel-${crypto.randomUUID()}`,
      maxWaitTimeInMs: 50,
    });
  }

  /** Resolves when the channel will see the answer to every later question. */
  async open(): Promise<void> {
    const topic = `${this.prefix}quotes`;
    const ends = await this.ends(topic);
    await this.producer.connect();
    await this.consumer.connect();
    const joined = new Promise<void>((resolve) => {
      this.consumer.on(this.consumer.events.GROUP_JOIN, () => {
        resolve();
      });
    });
    await this.consumer.subscribe({ topic });
    await this.consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        for (const { headers, value } of batch.messages) {
          const id = headers?.['correlation-id']?.toString() ?? '';
          const answer = this.waiting.get(id);
          if (answer === undefined || value === null) continue;
          answer((JSON.parse(value.toString()) as { payload: QuoteAnswer }).payload);
        }
        return Promise.resolve();
      },
    });
    await joined;
    // Not from wherever the topic ends when the first fetch gets there: an answer could have come before.
    for (const { partition, offset } of ends) this.consumer.seek({ topic, partition, offset });
  }

  /** Price of a trade now. Answers or throws within the timeout. */
  async quote(
    account: string,
    legs: readonly { readonly market: string; readonly size: string }[],
  ): Promise<QuoteAnswer> {
    const id = crypto.randomUUID();
    const time = Date.now();
    const message = {
      ...{ schemaVersion: 1, id, sequence: 0, time },
      payload: { account, legs, deadline: time + this.timeoutMs },
    };
    let timer: NodeJS.Timeout | undefined;
    // The answer may be here before the broker has said that it took the question.
    const answered = new Promise<QuoteAnswer>((resolve, reject) => {
      this.waiting.set(id, resolve);
      timer = setTimeout(() => {
        resolve({ status: 'unanswered' });
      }, this.timeoutMs);
      const headers = { 'correlation-id': id };
      this.ask({ message: { key: account, value: JSON.stringify(message), headers }, failed: reject });
    });
    try {
      return await answered;
    } finally {
      clearTimeout(timer);
      this.waiting.delete(id);
    }
  }

  /**
   * Questions of one turn of the event loop go together. After a pause of this process or of the broker there are many: with a request
   * each, the later ones waited for the earlier.
   */
  private ask(asked: Asked): void {
    this.asked.push(asked);
    if (this.asked.length > 1) return;
    setImmediate(() => {
      const together = this.asked;
      this.asked = [];
      const messages = together.map(({ message: one }) => one);
      this.producer
        .send({ topic: `${this.prefix}quote-requests`, acks: 1, messages })
        .catch((error: unknown) => {
          for (const { failed } of together) failed(error);
        });
    });
  }

  private async ends(topic: string): Promise<{ partition: number; offset: string }[]> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      const offsets = await admin.fetchTopicOffsets(topic);
      return offsets.map(({ partition, high }) => ({ partition, offset: high }));
    } finally {
      await admin.disconnect();
    }
  }

  async close(): Promise<void> {
    await this.consumer.disconnect();
    await this.producer.disconnect();
  }
}
