import { EventPattern } from '@nestjs/microservices';
import type { Topic } from './message.js';

/** How a handler consumes a topic, read by the transports from the handler's extras. */
export interface Subscription {
  readonly topic: Topic<unknown>;
  /** consumers of one group share the work; every group sees every message */
  readonly group: string;
  /** most messages handed over at once */
  readonly batch: number;
}

/**
 * Marks a controller method as the consumer of a topic in a group. It receives an array of messages, in order,
 * already validated, and a {@link ConsumeContext}.
 */
export function Consume<Payload>(
  topic: Topic<Payload>,
  options: { group: string; batch?: number },
): MethodDecorator {
  const subscription: Subscription = {
    topic: topic,
    group: options.group,
    batch: options.batch ?? 500,
  };
  // The pattern holds the group: Nest would chain two handlers of one pattern into one call.
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-arguments -- picks the overload that is not tied to the handler's type
  return EventPattern<string>(`${options.group}:${topic.name}`, { subscription });
}
