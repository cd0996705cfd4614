import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkTradeReceipt, type RecordedChange } from '#lib/commitment';
import { BusyError } from '#lib/service';
import { ReceiptDesk } from './receipt-desk.js';

const ENTRIES = 1500;
const RECORDS = Array.from({ length: ENTRIES }, (_, i): RecordedChange => ({
  ...{ sequence: 10 + 2 * i, time: i, kind: 1, capital: '5', liquidity: '6', pending: '-7' },
  ...{ traded: '200000000', riskPremium: '1', liquidityPremium: '2', charged: '3' },
  ...{ changes: [[`M${i % 5}`, String(i + 1), '100']], marks: [[`M${i % 7}`, String(i)]] },
  content: `0x${i.toString(16).padStart(64, '0')}`,
}));
const journalOf = (barEnd: number) => ({ barEnd, forecastId: 'f', opening: [] });

describe(ReceiptDesk, () => {
  let desk: ReceiptDesk;
  let read: number;
  beforeEach(() => {
    desk = new ReceiptDesk();
    read = 0;
  });
  afterEach(() => desk.close());

  async function* parts(): AsyncGenerator<readonly RecordedChange[]> {
    read++;
    for (let from = 0; from < ENTRIES; from += 500)
      yield await Promise.resolve(RECORDS.slice(from, from + 500));
  }

  it('reads a journal once, however many receipts of it are asked for', async () => {
    const asked = [0, 1, 255, 256, 257, 700, ENTRIES - 1];
    const roots = new Set<string>();
    for (const index of asked) {
      const receipt = (await desk.receipt(journalOf(1), { index }, parts))!;
      const { root, entries } = checkTradeReceipt(receipt);
      roots.add(root);
      expect([entries, receipt.index, receipt.content]).toEqual([ENTRIES, index, RECORDS[index].content]);
      expect(await desk.receipt(journalOf(1), { sequence: 10 + 2 * index }, parts)).toEqual(receipt);
    }
    expect(roots.size).toBe(1);
    expect(read).toBe(1);
  });

  it('has no entry of another sequence, or past the end', async () => {
    for (const place of [{ sequence: 11 }, { sequence: 9 }, { sequence: 1e9 }, { index: ENTRIES }])
      expect(await desk.receipt(journalOf(1), place, parts)).toBeUndefined();
    expect(read).toBe(1);
  });

  it('reads one journal at a time, whoever asks; past 64 that wait it refuses', async () => {
    let [reading, most] = [0, 0];
    async function* slow(): AsyncGenerator<readonly RecordedChange[]> {
      most = Math.max(most, ++reading);
      yield await Promise.resolve(RECORDS.slice(0, 5));
      reading--;
    }
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, bar) =>
        desk.receipt(journalOf(bar), { index: 0 }, slow).then(
          () => 'made',
          (error: unknown) => (error instanceof BusyError ? 'busy' : String(error)),
        ),
      ),
    );
    expect(answers.filter((answer) => answer === 'busy').length).toBe(100 - 65);
    expect(answers.filter((answer) => answer === 'made').length).toBe(65);
    expect(most).toBe(1);
  });

  it('a journal that cannot be read is read again by whoever asks next', async () => {
    async function* failing(): AsyncGenerator<readonly RecordedChange[]> {
      yield await Promise.resolve(RECORDS.slice(0, 5));
      throw new Error('the connection is lost');
    }
    await expect(desk.receipt(journalOf(1), { index: 0 }, failing)).rejects.toThrow(/lost/);
    const receipt = (await desk.receipt(journalOf(1), { index: 900 }, parts))!;
    expect(receipt.journal.entries).toBe(ENTRIES);
  });
});
