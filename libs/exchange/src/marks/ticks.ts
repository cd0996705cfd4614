import { ZkriskError } from '#lib/errors';
import type { Message, PricePayload } from '#lib/messages';

/** Who keeps marks and market time. */
export interface TickTaker {
  observeTime(time: number): void;
  /** @throws {ZkriskError} for a price that is not one */
  setMark(market: string, price: string, time: number): void;
}

/** Refuses one message of a batch, by its place, with the reason. */
export interface MessageRefusals {
  reject(index: number, reason: string): void;
}

/** Takes a batch of prices, in order. A tick that is no price goes to the dead letters with the reason, and the rest goes on. */
export function takeTicks(
  messages: readonly Message<PricePayload>[],
  context: MessageRefusals,
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
