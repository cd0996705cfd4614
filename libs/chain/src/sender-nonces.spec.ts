import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeChain } from '../../../test/support/fake-chain.js';
import {
  type MemorySender,
  memorySender,
  nameOf,
  SENDER,
  SENT_TO,
} from '../../../test/support/memory-sender.js';
import type { MemoryTransactionStore } from '../../../test/support/transaction-store.js';

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

describe('a nonce', () => {
  it('that somebody else has used is given up when that is final, and the next one is taken', async () => {
    store.add('a');
    const sender = senderOf();
    await sender.advance();
    chain.include(SENDER.address, 0);
    chain.mine(2);
    await sender.advance();
    expect(store.row('a')).toMatchObject({ status: 'sent', nonce: 0 });
    chain.mine();
    await sender.advance();
    expect(store.row('a')).toMatchObject({ status: 'sent', nonce: 1 });
    chain.mine(4);
    await sender.advance();
    expect(store.statuses()).toEqual(['confirmed']);
    expect(chain.taken().filter((input) => input === nameOf('a'))).toHaveLength(1);
  });

  it('that an attempt of its own has used is not given up while its receipt is missing', async () => {
    store.add('a');
    const sender = senderOf({ confirmations: 0 });
    await sender.advance();
    chain.mine();
    const { getTransactionReceipt } = new FakeChain().client;
    chain.answers.getTransactionReceipt = () => getTransactionReceipt({ hash: '0x00' });
    for (let turn = 0; turn < 3; turn++) await sender.advance();
    expect(store.row('a')).toMatchObject({ status: 'sent', nonce: 0 });
    delete chain.answers.getTransactionReceipt;
    await sender.advance();
    expect(store.statuses()).toEqual(['confirmed']);
    expect(chain.taken()).toEqual([nameOf('a')]);
  });

  it('that its first attempt of two has used is not given up', async () => {
    store.add('a');
    const sender = senderOf({ confirmations: 0 });
    await sender.advance();
    chain.mine();
    const { getTransactionReceipt } = new FakeChain().client;
    chain.answers.getTransactionReceipt = () => getTransactionReceipt({ hash: '0x00' });
    chain.answers.getTransactionCount = () => 0;
    vi.setSystemTime(Date.now() + 1000);
    await sender.advance();
    expect(store.row('a').attempts).toHaveLength(2);
    delete chain.answers.getTransactionCount;
    await sender.advance();
    expect(store.row('a')).toMatchObject({ status: 'sent', nonce: 0 });
  });

  it('that is given up leaves nothing of its attempts, and waits until the chain is cheap enough', async () => {
    store.add('a');
    const sender = senderOf({ confirmations: 0 });
    await sender.advance();
    chain.include(SENDER.address, 0);
    chain.baseFee = 10_000n;
    await sender.advance();
    expect(store.row('a')).toMatchObject({ status: 'waiting', nonce: null, attempts: [] });
  });

  it('is another account’s where that account has used the same one, or ours another one', async () => {
    store.add('a', 'b');
    const sender = senderOf({ confirmations: 1 });
    await sender.advance();
    chain.mine(2);
    await sender.advance();
    expect(store.row('b')).toMatchObject({ status: 'sent', nonce: 1 });
    chain.include(SENT_TO, 1);
    chain.mine(2);
    const { getTransactionReceipt } = new FakeChain().client;
    chain.answers.getTransactionReceipt = () => getTransactionReceipt({ hash: '0x00' });
    // Block 1 has nonce 0 of ours, block 3 nonce 1 of a stranger, block 4 nonce 1 of ours.
    await sender.advance();
    expect(store.row('b')).toMatchObject({ status: 'sent', nonce: 1 });
  });

  it('that is counted but used by no transaction is an error that names it and the blocks', async () => {
    chain.mine(10);
    store.add('a');
    const sender = senderOf();
    await sender.advance();
    chain.mine(5);
    chain.dropPending();
    chain.takeBack(1);
    chain.mine();
    chain.takeBack(5);
    chain.mine(5);
    chain.answers.getTransactionCount = () => 1;
    await expect(sender.advance()).rejects.toThrow(
      `nonce 0 of ${SENDER.address} is used, but by no transaction the node has in blocks 7 to 12`,
    );
    expect(store.row('a').status).toBe('sent');
  });

  it('is searched only as far as blocks are final, and from no block before the first', async () => {
    store.add('a');
    const sender = senderOf();
    await sender.advance();
    chain.dropPending();
    chain.answers.getTransactionCount = () => 1;
    // Two blocks: none is final.
    chain.mine(2);
    await sender.advance();
    expect(store.row('a').status).toBe('sent');
    chain.dropPending();
    chain.mine(1);
    await expect(sender.advance()).rejects.toThrow('in blocks 0 to 0');
  });

  it('is above every nonce that was ever given, whatever the node counts', async () => {
    store.add('a', 'b');
    store.row('a').nonce = 7;
    store.row('a').status = 'confirmed';
    await senderOf().advance();
    expect(store.row('b').nonce).toBe(8);
  });

  it('is what the node counts where it counts more', async () => {
    store.add('a', 'b');
    store.row('a').nonce = 0;
    store.row('a').status = 'confirmed';
    for (const nonce of [0, 1, 2]) chain.include(SENDER.address, nonce);
    await senderOf().advance();
    expect(store.row('b').nonce).toBe(3);
  });
});
