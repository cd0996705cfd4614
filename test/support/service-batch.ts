import type { EntityManager } from 'typeorm';
import { ConsumeContext } from '#lib/events';
import type { Message } from '#lib/messages';

/**
 * A stand-in with the methods and fields that a test gives it: any other fails with its name.
 *
 * @param methods that may be called, and fields that may be read
 */
export function fake<T extends object>(methods: Partial<T>): T {
  return new Proxy(methods, {
    get: (known, name) => {
      if (name in known) return known[name as keyof T];
      throw new Error(`${String(name)} is not expected here`);
    },
  }) as T;
}

/** Payloads as a batch of messages. */
export function messagesOf<P>(payloads: readonly P[], time = 0): Message<P>[] {
  return payloads.map((payload, sequence) => ({
    schemaVersion: 1,
    id: `m-${sequence}`,
    sequence,
    time,
    payload,
  }));
}

/** A batch as a service gets it, and the service's effects. */
export class ServiceBatch {
  readonly manager = fake<EntityManager>({});
  readonly context = new ConsumeContext(this.manager, 0);

  /** Messages it publishes if its transaction commits. */
  published<P>(): { topic: string; key: string; headers: object | undefined; payload: P }[] {
    return this.context.drain().outbox.map(({ topic, key, headers, value }) => ({
      ...{ topic, key, headers },
      payload: (JSON.parse(value) as Message<P>).payload,
    }));
  }

  /** Messages that it sends to the dead letters. */
  get rejections(): readonly { index: number; reason: string }[] {
    return this.context.drain().rejections;
  }

  /** Commits: runs the actions that the service has put off until then. */
  commit(): void {
    for (const action of this.context.drain().committed) action();
  }
}
