import { type ReceiptSource, tradeReceipt, type TradeReceipt } from '#lib/commitment';
import { answerRequests } from '#lib/runtime';

/** An entry, and what its receipt is made from. */
export interface ReceiptRequest {
  readonly source: ReceiptSource;
  readonly index: number;
}

answerRequests(({ source, index }: ReceiptRequest): TradeReceipt => tradeReceipt(source, index));
