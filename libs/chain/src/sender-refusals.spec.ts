import { BaseError } from 'viem';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ZkriskError } from '#lib/errors';
import type { FakeChain } from '../../../test/support/fake-chain.js';
import { type MemorySender, memorySender, SENT_TO } from '../../../test/support/memory-sender.js';
import type { MemoryTransactionStore } from '../../../test/support/transaction-store.js';
import type { Call } from './index.js';

class Impossible extends ZkriskError {
  readonly code = 'impossible';
}

let chain: FakeChain;
let store: MemoryTransactionStore;
let senderOf: MemorySender['senderOf'];

beforeEach(() => {
  ({ chain, store, senderOf } = memorySender());
  vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a transaction that cannot be sent', () => {
  it('waits while it is not ready', async () => {
    store.add('a');
    expect(await senderOf({}, () => Promise.resolve(undefined)).advance()).toBe(true);
    expect(store.statuses()).toEqual(['waiting']);
    expect(chain.offered).toEqual([]);
  });

  it('holds up those after it', async () => {
    store.add('a', 'b');
    const asked: string[] = [];
    const callOf = (id: string): Promise<Call | undefined> => {
      asked.push(id);
      return Promise.resolve(undefined);
    };
    await senderOf({}, callOf).advance();
    expect(asked).toEqual(['a']);
  });

  it('is refused with the reason of the revert, or of the call that cannot be made', async () => {
    store.add('a', 'b', 'c');
    chain.answers.estimateGas = () => Promise.reject(new BaseError('execution reverted: closed'));
    const sender = senderOf({}, (id) =>
      id === 'b'
        ? Promise.reject(new Impossible('there is no such epoch'))
        : Promise.resolve({ to: SENT_TO, data: '0x' }),
    );
    expect(await sender.advance()).toBe(false);
    expect([...store.rows.values()].map(({ status, reason }) => [status, reason])).toEqual([
      ['refused', 'execution reverted: closed'],
      ['refused', 'there is no such epoch'],
      ['refused', 'execution reverted: closed'],
    ]);
  });

  it('waits where the node fails for another reason than a revert', async () => {
    store.add('a');
    chain.answers.estimateGas = () => Promise.reject(new BaseError('timeout'));
    await senderOf().advance();
    expect(store.statuses()).toEqual(['waiting']);
  });

  it('waits while something before it is not confirmed, which may be why it reverts', async () => {
    store.add('a', 'b');
    const sender = senderOf();
    await sender.advance();
    chain.mine();
    chain.answers.estimateGas = () => Promise.reject(new BaseError('execution reverted'));
    await sender.advance();
    expect(store.statuses()).toEqual(['mined', 'waiting']);
    chain.mine(3);
    await sender.advance();
    expect(store.statuses()).toEqual(['confirmed', 'refused']);
  });

  it('is not to blame for an error of ours', async () => {
    store.add('a');
    await expect(senderOf({}, () => Promise.reject(new Error('no database'))).advance()).rejects.toThrow(
      'no database',
    );
    expect(store.statuses()).toEqual(['waiting']);
  });

  it('is offered again where the node refuses it; an error of ours is thrown', async () => {
    store.add('a');
    chain.answers.sendRawTransaction = () => Promise.reject(new BaseError('already known'));
    await senderOf().advance();
    expect(store.statuses()).toEqual(['sent']);
    chain.answers.sendRawTransaction = () => Promise.reject(new TypeError('a fault'));
    await expect(senderOf().advance()).rejects.toThrow('a fault');
  });

  it('is not followed on an answer that is no answer', async () => {
    store.add('a');
    const sender = senderOf();
    await sender.advance();
    chain.answers.getTransactionReceipt = () => Promise.reject(new BaseError('the node is starting'));
    await expect(sender.advance()).rejects.toThrow('the node is starting');
    expect(store.statuses()).toEqual(['sent']);
  });
});
