import { type TradeReceipt, tradeReceiptSchema } from '#lib/commitment';
import { parseInput } from '#lib/errors';
import { engineAnswer } from './engine-answer.js';

/**
 * An entry of a journal, from the engine.
 *
 * @param barEnd ISO time
 * @param part `/opening`: with its event
 * @throws {UsageError} with the engine's own words where it refuses the request
 * @throws {InvalidInputError} where its answer is no receipt
 */
export async function engineEntry(
  { engine, apiKey }: { readonly engine: string; readonly apiKey?: string },
  barEnd: string,
  index: number,
  part: '' | '/opening' = '',
): Promise<TradeReceipt> {
  const path = `/v1/journals/${encodeURIComponent(barEnd)}/entries/${index}${part}`;
  return parseInput(tradeReceiptSchema, await engineAnswer(engine, path, { apiKey }), 'engine');
}
