import { describe, expect, it, vi } from 'vitest';
import { FakeChain } from '../../../test/support/fake-chain.js';
import { memorySender, nameOf, SENDER, SENT_TO } from '../../../test/support/memory-sender.js';

const memory = memorySender();

/** From now on the node has no receipt of any transaction. */
function withoutReceipts(): void {
  const { getTransactionReceipt } = new FakeChain().client;
  memory.chain.answers.getTransactionReceipt = () => getTransactionReceipt({ hash: '0x00' });
}

describe('a nonce', () => {
  it('that somebody else has used is given up when that is final, and the next one is taken', async () => {
    memory.store.add('a');
    const sender = memory.senderOf();
    await sender.advance();
    memory.chain.include(SENDER.address, 0);
    memory.chain.mine(2);
    await sender.advance();
    expect(memory.store.row('a')).toMatchObject({ status: 'sent', nonce: 0 });
    memory.chain.mine();
    await sender.advance();
    expect(memory.store.row('a')).toMatchObject({ status: 'sent', nonce: 1 });
    memory.chain.mine(4);
    await sender.advance();
    expect(memory.store.statuses()).toEqual(['confirmed']);
    expect(memory.chain.taken().filter((input) => input === nameOf('a'))).toHaveLength(1);
  });

  it('that an attempt of its own has used is not given up while its receipt is missing', async () => {
    memory.store.add('a');
    const sender = memory.senderOf({ confirmations: 0 });
    await sender.advance();
    memory.chain.mine();
    withoutReceipts();
    for (let turn = 0; turn < 3; turn++) await sender.advance();
    expect(memory.store.row('a')).toMatchObject({ status: 'sent', nonce: 0 });
    delete memory.chain.answers.getTransactionReceipt;
    await sender.advance();
    expect(memory.store.statuses()).toEqual(['confirmed']);
    expect(memory.chain.taken()).toEqual([nameOf('a')]);
  });

  it('that its first attempt of two has used is not given up', async () => {
    memory.store.add('a');
    const sender = memory.senderOf({ confirmations: 0 });
    await sender.advance();
    memory.chain.mine();
    withoutReceipts();
    memory.chain.answers.getTransactionCount = () => 0;
    vi.setSystemTime(Date.now() + 1000);
    await sender.advance();
    expect(memory.store.row('a').attempts).toHaveLength(2);
    delete memory.chain.answers.getTransactionCount;
    await sender.advance();
    expect(memory.store.row('a')).toMatchObject({ status: 'sent', nonce: 0 });
  });

  it('that is given up leaves nothing of its attempts, and waits until the chain is cheap enough', async () => {
    memory.store.add('a');
    const sender = memory.senderOf({ confirmations: 0 });
    await sender.advance();
    memory.chain.include(SENDER.address, 0);
    memory.chain.baseFee = 10_000n;
    await sender.advance();
    expect(memory.store.row('a')).toMatchObject({ status: 'waiting', nonce: null, attempts: [] });
  });

  it('is another account’s where that account has used the same one, or ours another one', async () => {
    memory.store.add('a', 'b');
    const sender = memory.senderOf({ confirmations: 1 });
    await sender.advance();
    memory.chain.mine(2);
    await sender.advance();
    expect(memory.store.row('b')).toMatchObject({ status: 'sent', nonce: 1 });
    memory.chain.include(SENT_TO, 1);
    memory.chain.mine(2);
    withoutReceipts();
    // Block 1 has nonce 0 of ours, block 3 nonce 1 of a stranger, block 4 nonce 1 of ours.
    await sender.advance();
    expect(memory.store.row('b')).toMatchObject({ status: 'sent', nonce: 1 });
  });

  it('that is counted but used by no transaction is an error that names it and the blocks', async () => {
    memory.chain.mine(10);
    memory.store.add('a');
    const sender = memory.senderOf();
    await sender.advance();
    memory.chain.mine(5);
    memory.chain.dropPending();
    memory.chain.takeBack(1);
    memory.chain.mine();
    memory.chain.takeBack(5);
    memory.chain.mine(5);
    memory.chain.answers.getTransactionCount = () => 1;
    await expect(sender.advance()).rejects.toThrow(
      `nonce 0 of ${SENDER.address} is used, but by no transaction the node has in blocks 7 to 12`,
    );
    expect(memory.store.row('a').status).toBe('sent');
  });

  it('is searched only as far as blocks are final, and from no block before the first', async () => {
    memory.store.add('a');
    const sender = memory.senderOf();
    await sender.advance();
    memory.chain.dropPending();
    memory.chain.answers.getTransactionCount = () => 1;
    // Two blocks: none is final.
    memory.chain.mine(2);
    await sender.advance();
    expect(memory.store.row('a').status).toBe('sent');
    memory.chain.dropPending();
    memory.chain.mine(1);
    await expect(sender.advance()).rejects.toThrow('in blocks 0 to 0');
  });

  it('is above every nonce that was ever given, whatever the node counts', async () => {
    memory.store.add('a', 'b');
    memory.store.row('a').nonce = 7;
    memory.store.row('a').status = 'confirmed';
    await memory.senderOf().advance();
    expect(memory.store.row('b').nonce).toBe(8);
  });

  it('is what the node counts where it counts more', async () => {
    memory.store.add('a', 'b');
    memory.store.row('a').nonce = 0;
    memory.store.row('a').status = 'confirmed';
    for (const nonce of [0, 1, 2]) memory.chain.include(SENDER.address, nonce);
    await memory.senderOf().advance();
    expect(memory.store.row('b').nonce).toBe(3);
  });
});
