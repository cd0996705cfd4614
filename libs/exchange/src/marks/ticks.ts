import { ZkriskError } from '#lib/errors';
import type { Message, PricePayload } from '#lib/messages';
import type { ObservedPrice } from './confirmed-mark.js';
import type { MarketOrder } from './market-order.js';

/** Who keeps marks and market time. */
export interface TickTaker {
  /** @throws {TickRefusedError} */
  watermark(until: number, appendedAt: number | undefined): void;
  /** @throws {ZkriskError} for a tick that is not taken */
  take(tick: ObservedPrice): unknown;
  /** @throws {ZkriskError} for an order that is not taken */
  order(order: MarketOrder): unknown;
}

/** A batch's append times, and where its refusals go. */
export interface TickBatch {
  appendedAt(index: number): number | undefined;
  reject(index: number, reason: string): void;
}

/** Takes a batch of prices, in order. One that is refused goes to the dead letters with the reason, and the rest goes on. */
export function takeTicks(
  messages: readonly Message<PricePayload>[],
  batch: TickBatch,
  taker: TickTaker,
): void {
  for (const [index, { payload, time, sequence }] of messages.entries()) {
    const appendedAt = batch.appendedAt(index);
    try {
      if (payload.kind === 'watermark') taker.watermark(payload.until, appendedAt);
      else if (payload.kind === 'order') taker.order(payload);
      else taker.take({ ...payload, time, sequence, appendedAt });
    } catch (error) {
      if (!(error instanceof ZkriskError)) throw error;
      batch.reject(index, error.message);
    }
  }
}
