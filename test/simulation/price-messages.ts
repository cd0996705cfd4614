import type { TickBatch } from '#lib/exchange';
import type { Message, PricePayload } from '#lib/messages';
import type { SimulatedRecord } from './bus.js';

/** A log without append times; refused prices are part of the simulation. */
export const NO_REFUSALS: TickBatch = { appendedAt: () => undefined, reject: () => undefined };

/** Records of prices as messages; the sequence is the time, as a source counts. */
export function priceMessages(records: readonly SimulatedRecord[]): Message<PricePayload>[] {
  return records.map(({ time, body }) => ({
    ...{ schemaVersion: 1, id: `price@${time}`, sequence: time, time },
    payload: JSON.parse(body) as PricePayload,
  }));
}
