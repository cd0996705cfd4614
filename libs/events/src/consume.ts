import { EventPattern } from '@nestjs/microservices';
import type { Lane } from './lane.js';
import type { Topic } from '#lib/messages';

/** How a handler consumes a topic, read by the transports from the handler's extras. */
export interface Subscription {
  readonly topic: Topic<unknown>;
  readonly lane: Lane;
  /** whether every unit of the lane sees all of the topic; otherwise a unit sees its own partition */
  readonly everyUnit: boolean;
  /** most messages handed over at once */
  readonly batch: number;
  /**
   * whether the handler may run while the batch before is being committed: {@link CommitsAhead}. Before it reads a table it must flush, unless
   * it does not depend on that batch's rows
   */
  readonly ahead?: boolean;
}

/**
 * Marks a controller method as the consumer of a topic in a lane. It receives an array of messages, in order,
 * already validated, and a {@link ConsumeContext}.
 */
export function Consume<Payload>(
  topic: Topic<Payload>,
  options: { lane: Lane; batch?: number; everyUnit?: boolean; ahead?: boolean },
): MethodDecorator {
  const subscription: Subscription = {
    topic: topic,
    lane: options.lane,
    everyUnit: options.everyUnit ?? false,
    batch: options.batch ?? 500,
    ahead: options.ahead ?? false,
  };
  // The pattern holds the lane: Nest would chain two handlers of one pattern into one call.
  // oxlint-disable-next-line typescript/no-unnecessary-type-arguments -- picks the overload that is not tied to the handler's type
  return EventPattern<string>(`${options.lane.name}:${topic.name}`, { subscription });
}
