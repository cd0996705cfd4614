import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { checkIncludedAccount } from '#lib/commitment';
import { type BookEvent, ExchangeLedger } from '#lib/exchange';
import { BookCommitments, UnknownEpochError } from './book-commitments.js';

describe('commitments to the book', () => {
  let commitments: BookCommitments;
  let ledger: ExchangeLedger;

  const deposit = (account: string, amount: string): void => {
    const at = ledger.eventCount;
    const event: BookEvent = { kind: 'account-deposited', at, commandId: `d${at}`, account, amount };
    ledger.apply(event);
    commitments.booked([event]);
  };
  const commit = async (barEnd: number, meanwhile = () => undefined): Promise<string> => {
    const { answer } = await commitments.commit({ barEnd, forecastId: `f${barEnd}` }, []);
    meanwhile();
    return (await answer)!.book.root;
  };
  const cashOf = async (account: string, root: string, barEnd?: number) => {
    const { holdings } = checkIncludedAccount(await commitments.inclusion(account, barEnd), root);
    return holdings[0].holds.cash;
  };
  const begin = async (early?: { accounts: number; afterMs: number; atOnce: number }) => {
    commitments = new BookCommitments({ secret: 'test', kept: 512 << 20 }, early);
    ledger = new ExchangeLedger(8, 1);
    for (let i = 0; i < 1500; i++)
      ledger.apply({
        kind: 'account-deposited',
        at: i,
        commandId: `first-${i}`,
        account: `a${i}`,
        amount: '1',
      });
    commitments.start(ledger);
    await commitments.beginJournal([]);
  };
  afterEach(() => commitments.close());

  it('are the same whether changes were hashed early or when the bar ended', async () => {
    await begin();
    // Fewer at a time than are told early, and none while a commitment waits.
    for (let i = 0; i < 900; i++) deposit(`b${i}`, '2');
    await commit(1);
    for (let i = 0; i < 1400; i++) deposit(`a${i}`, '3');
    const late = await commit(2);
    // As soon as there are some, and only when there are many.
    const paces = [
      { accounts: 1_000, afterMs: 0, atOnce: 1e9 },
      { accounts: 1_000, afterMs: 1e9, atOnce: 1_200 },
    ];
    for (const pace of paces) {
      await commitments.close();
      await begin(pace);
      for (let i = 0; i < 900; i++) deposit(`b${i}`, '2');
      for (let i = 0; i < 1400; i++) {
        deposit(`a${i}`, '3');
        if (i % 100 === 0) await sleep(1);
      }
      expect(await commit(2)).toBe(late);
    }
  });

  it('are of the book as it was when they were asked for, whatever is booked while the thread hashes', async () => {
    await begin();
    const changed = await commit(1, () => {
      deposit('a7', '5');
      deposit('new', '5');
      return undefined;
    });
    expect(await cashOf('a7', changed)).toBe(100_000_000n);
    const next = await commit(2);
    expect([await cashOf('a7', next), await cashOf('new', next)]).toEqual([600_000_000n, 500_000_000n]);
  });

  it('show everybody as of the last commitment while changes are hashed', async () => {
    await begin();
    const root = await commit(1);
    for (let i = 0; i < 1200; i++) deposit(`a${i}`, '4');
    expect(await cashOf('a7', root)).toBe(100_000_000n);
    const next = await commit(2);
    expect(await cashOf('a7', next)).toBe(500_000_000n);
    expect(await cashOf('a7', root, 1)).toBe(100_000_000n);
    await expect(commitments.inclusion('a7', 3)).rejects.toThrow(UnknownEpochError);
  });
});
