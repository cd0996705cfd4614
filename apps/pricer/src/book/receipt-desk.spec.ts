import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkTradeReceipt, hexOf, type RecordedChange } from '#lib/commitment';
import { BusyError } from '#lib/service';
import { WrittenJournal } from '../../../../test/support/written-journal.js';
import { ReceiptDesk } from './receipt-desk.js';

const RECORDS = Array.from({ length: 20 }, (_, i): RecordedChange => ({
  ...{ sequence: 10 + 2 * i, time: i, kind: 1, capital: '5', liquidity: '6', pending: '-7' },
  ...{ traded: '200000000', riskPremium: '1', liquidityPremium: '2', charged: '3' },
  ...{ changes: [[`M${i % 5}`, String(i + 1), '100']], marks: [[`M${i % 7}`, String(i)]] },
  content: `0x${i.toString(16).padStart(64, '0')}`,
}));
const { journal, chunks } = new WrittenJournal([], RECORDS);
const source = { barEnd: 1, forecastId: 'f', journal, chunk: chunks[0], before: undefined };

describe(ReceiptDesk, () => {
  let desk: ReceiptDesk;
  beforeEach(() => {
    desk = new ReceiptDesk();
  });
  afterEach(() => desk.close());

  it('makes the receipt of what is read, and none where nothing is found', async () => {
    const receipt = (await desk.receipt(() => Promise.resolve({ source, index: 7 })))!;
    expect(checkTradeReceipt(receipt, hexOf(journal.root))).toMatchObject({ index: 7, entries: 20 });
    expect(await desk.receipt(() => Promise.resolve(undefined))).toBeUndefined();
  });

  it('reads for one at a time, whoever asks; past 64 that wait it refuses', async () => {
    let [reading, most] = [0, 0];
    const slow = async () => {
      most = Math.max(most, ++reading);
      await Promise.resolve();
      reading--;
      return { source, index: 0 };
    };
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        desk.receipt(slow).then(
          () => 'made',
          (error: unknown) => (error instanceof BusyError ? 'busy' : String(error)),
        ),
      ),
    );
    expect(answers.filter((answer) => answer === 'busy').length).toBe(100 - 65);
    expect(answers.filter((answer) => answer === 'made').length).toBe(65);
    expect(most).toBe(1);
  });

  it('tells whoever asked that a journal cannot be read, and goes on', async () => {
    await expect(desk.receipt(() => Promise.reject(new Error('the connection is lost')))).rejects.toThrow(
      /lost/,
    );
    expect((await desk.receipt(() => Promise.resolve({ source, index: 3 })))?.index).toBe(3);
  });
});
