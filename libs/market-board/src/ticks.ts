import { ZkriskError } from '#lib/errors';
import type { ConsumeContext, Message, PricePayload } from '#lib/events';

/** Who keeps marks and market time. */
export interface TickTaker {
  observeTime(time: number): void;
  /** @throws {ZkriskError} for a price that is not one */
  setMark(market: string, price: string, time: number): void;
}

/** Takes a batch of prices, in order. A tick that is no price goes to the dead letters with the reason, and the rest goes on. */
export function takeTicks(
  messages: readonly Message<PricePayload>[],
  context: Pick<ConsumeContext, 'reject'>,
  taker: TickTaker,
): void {
  for (const [index, { payload, time }] of messages.entries()) {
    if (payload.kind === 'watermark') {
      taker.observeTime(payload.until);
      continue;
    }
    try {
      taker.setMark(payload.market, payload.price, time);
    } catch (error) {
      if (!(error instanceof ZkriskError)) throw error;
      context.reject(index, error.message);
    }
  }
}
