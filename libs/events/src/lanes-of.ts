import type { MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { Answering, Request } from './answer.js';
import type { Subscription } from './consume.js';
import type { ConsumeContext } from './context.js';
import type { Lane } from './lane.js';
import type { Cursor } from './handle-batch.js';
import type { Message } from '#lib/messages';
import { partitionsOf } from './partitions.js';

/** A lane with everything this process consumes in it. */
export interface LaneHandlers {
  readonly lane: Lane;
  readonly subscriptions: readonly { subscription: Subscription; handler: Cursor['handler'] }[];
}

/** The lanes of a process, from the handlers that Nest has found. */
export function lanesOf(handlers: ReadonlyMap<string, MessageHandler>): LaneHandlers[] {
  const lanes = new Map<string, { lane: Lane; subscriptions: LaneHandlers['subscriptions'][number][] }>();
  for (const handler of handlers.values()) {
    const subscription = (handler.extras as { subscription?: Subscription } | undefined)?.subscription;
    if (subscription === undefined) continue;
    const { lane } = subscription;
    const known = lanes.get(lane.name) ?? { lane, subscriptions: [] };
    known.subscriptions.push({
      subscription,
      handler: (messages: Message<unknown>[], context: ConsumeContext) =>
        handler(messages, context) as Promise<unknown>,
    });
    lanes.set(lane.name, known);
  }
  return [...lanes.values()];
}

/** Topics of a unit, in the order of its handlers. */
export function cursorsOf({ lane, subscriptions }: LaneHandlers, unit: number, keyed: number): Cursor[] {
  return subscriptions.flatMap(({ subscription, handler }) =>
    partitionsRead(lane, subscription, unit, keyed).map((partition) => ({
      ...{ subscription, handler, partition },
      position: { offset: -1n, sources: {} },
      committed: -1n,
    })),
  );
}

/** Topics of cursors, or of a lane's subscriptions, each once. */
export function topicsOf(readers: readonly Pick<Cursor, 'subscription'>[]): string[] {
  return [...new Set(readers.map(({ subscription }) => subscription.topic.name))];
}

/** The partitions of a topic that a unit of a lane reads, where keyed topics have `keyed`. */
export function partitionsRead(
  lane: Lane,
  { topic, everyUnit }: Pick<Subscription, 'topic' | 'everyUnit'>,
  unit: number,
  keyed: number,
): number[] {
  const all = Array.from({ length: partitionsOf(topic, keyed) }, (_, partition) => partition);
  if (lane.spread === 'single' || everyUnit) return all;
  // A topic with one partition goes to the first unit.
  return all.includes(unit) ? [unit] : [];
}

/** Topics that a process answers, from the handlers that Nest has found. */
export function answersOf(
  handlers: ReadonlyMap<string, MessageHandler>,
): { answering: Answering; handler: (requests: Request<unknown>[]) => Promise<string[]> }[] {
  return [...handlers.values()].flatMap((handler) => {
    const answering = (handler.extras as { answering?: Answering } | undefined)?.answering;
    if (answering === undefined) return [];
    const answer = async (requests: Request<unknown>[]) => {
      const replies: unknown = await handler(requests);
      return (isObservable(replies) ? await lastValueFrom(replies) : replies) as string[];
    };
    return [{ answering, handler: answer }];
  });
}
