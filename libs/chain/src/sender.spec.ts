import { BaseError, type Hex, parseTransaction } from 'viem';
import { describe, expect, it, vi } from 'vitest';
import { memorySender, nameOf, SENDER, SENT_TO } from '../../../test/support/memory-sender.js';

const memory = memorySender();

const partsOf = (raw: Hex) => parseTransaction(raw as `0x02${string}`);
const later = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);

describe('a transaction that is sent', () => {
  it('is kept as it was signed: nonce, calldata, a third more gas than estimated, hash, time and head', async () => {
    memory.chain.mine(4);
    memory.store.add('a');
    expect(await memory.senderOf().advance()).toBe(true);
    const { status, nonce, attempts } = memory.store.row('a');
    expect([status, nonce, attempts.length]).toEqual(['sent', 0, 1]);
    const [{ raw, hash, ...rest }] = attempts;
    expect(rest).toEqual({ maxFeePerGas: '210', maxPriorityFeePerGas: '10', at: 1_000_000, afterBlock: 4 });
    expect(memory.chain.offered).toEqual([raw]);
    expect(partsOf(raw)).toMatchObject({
      ...{ chainId: 31337, to: SENT_TO, data: nameOf('a'), gas: 65_000n },
      ...{ maxFeePerGas: 210n, maxPriorityFeePerGas: 10n },
    });
    memory.chain.mine();
    expect(await memory.chain.client.getTransactionReceipt({ hash })).toMatchObject({ status: 'success' });
  });

  it('has the gas estimated for its own call by its own account', async () => {
    memory.store.add('a');
    memory.chain.answers.estimateGas = (asked) => {
      expect(asked).toMatchObject({ account: SENDER, to: SENT_TO, data: nameOf('a') });
      return 100_000n;
    };
    await memory.senderOf().advance();
    expect(partsOf(memory.store.row('a').attempts[0].raw).gas).toBe(130_000n);
  });

  it('is confirmed at once where another account’s transaction has done it; the next goes on', async () => {
    memory.store.add('a', 'b');
    const sender = memory.senderOf({}, (id) =>
      Promise.resolve(id === 'a' ? 'done' : { to: SENT_TO, data: nameOf(id) }),
    );
    await sender.advance();
    expect(memory.store.row('a')).toMatchObject({ status: 'confirmed', nonce: null, attempts: [] });
    expect(memory.store.row('b')).toMatchObject({ status: 'sent', nonce: 0 });
  });

  it('is one at a time; the next follows once the one before is mined', async () => {
    memory.store.add('a', 'b', 'c');
    const sender = memory.senderOf();
    await sender.advance();
    await sender.advance();
    expect(memory.store.statuses()).toEqual(['sent', 'waiting', 'waiting']);
    memory.chain.mine();
    await sender.advance();
    expect(memory.store.statuses()).toEqual(['mined', 'sent', 'waiting']);
    expect(memory.store.row('b').nonce).toBe(1);
    memory.chain.mine();
    await sender.advance();
    expect(memory.store.statuses()).toEqual(['mined', 'mined', 'sent']);
  });

  it('is confirmed by as many blocks as are asked for, not by one less', async () => {
    memory.store.add('a');
    const sender = memory.senderOf();
    await sender.advance();
    memory.chain.mine(3);
    expect(await sender.advance()).toBe(true);
    expect(memory.store.row('a')).toMatchObject({
      status: 'mined',
      blockNumber: 1,
      gasUsed: 40_000,
      reason: null,
    });
    memory.chain.mine();
    expect(await sender.advance()).toBe(false);
    const { status, hash, attempts, blockHash } = memory.store.row('a');
    expect([status, hash]).toEqual(['confirmed', attempts[0].hash]);
    expect(blockHash).toBe((await memory.chain.client.getBlock({ blockNumber: 1n })).hash);
    expect(await sender.advance()).toBe(false);
    expect(memory.chain.taken()).toEqual([nameOf('a')]);
  });

  it('is refused where it reverts, once that is confirmed, with the reason; the next goes on', async () => {
    memory.store.add('a', 'b');
    const sender = memory.senderOf();
    await sender.advance();
    memory.chain.revert(memory.store.row('a').attempts[0].hash);
    memory.chain.mine();
    let asked: unknown;
    memory.chain.answers.call = (call) => {
      asked = call;
      throw new BaseError('execution reverted: no');
    };
    await sender.advance();
    expect(memory.store.row('a')).toMatchObject({ status: 'mined', reason: null });
    memory.chain.mine(3);
    await sender.advance();
    expect(asked).toMatchObject({
      ...{ account: SENDER, to: SENT_TO, data: nameOf('a'), gas: 65_000n, blockNumber: 0n },
    });
    expect(memory.store.row('a')).toMatchObject({ status: 'refused', reason: 'execution reverted: no' });
    memory.chain.mine(3);
    expect(await sender.advance()).toBe(false);
    expect(memory.store.statuses()).toEqual(['refused', 'confirmed']);
  });

  it('says so where it would not have reverted a block earlier, and what else the node says', async () => {
    for (const [id, answer, reason] of [
      ['a', () => ({ data: '0x' }), 'it reverted, but would not have a block earlier'],
      ['b', () => Promise.reject(new BaseError('the node is tired')), 'the node is tired'],
    ] as const) {
      memory.store.add(id);
      const sender = memory.senderOf({ confirmations: 0 });
      await sender.advance();
      memory.chain.revert(memory.store.row(id).attempts[0].hash);
      memory.chain.mine();
      memory.chain.answers.call = answer;
      await sender.advance();
      expect(memory.store.row(id).reason?.split('\n')[0]).toBe(reason);
    }
  });

  it('is on its way again when its block is taken back', async () => {
    memory.store.add('a');
    const sender = memory.senderOf();
    await sender.advance();
    memory.chain.mine(2);
    await sender.advance();
    memory.chain.takeBack(2);
    memory.chain.dropPending();
    await sender.advance();
    expect(memory.store.row('a')).toMatchObject({
      ...{ status: 'sent', nonce: 0, hash: null, blockNumber: null, blockHash: null, gasUsed: null },
    });
    expect(new Set(memory.chain.offered).size).toBe(1);
    memory.chain.mine(4);
    await sender.advance();
    expect(memory.store.statuses()).toEqual(['confirmed']);
    expect(memory.chain.taken()).toEqual([nameOf('a')]);
  });
});

describe('fees', () => {
  it('are twice the base fee and the tip, and never above the highest', async () => {
    memory.store.add('a');
    memory.chain.baseFee = 600n;
    await memory.senderOf().advance();
    expect(memory.store.row('a').attempts[0]).toMatchObject({
      maxFeePerGas: '1000',
      maxPriorityFeePerGas: '10',
    });
  });

  it('of exactly the highest are paid; one wei more is waited out', async () => {
    memory.store.add('a');
    memory.chain.baseFee = 991n;
    await memory.senderOf().advance();
    expect(memory.store.statuses()).toEqual(['waiting']);
    expect(memory.chain.offered).toEqual([]);
    memory.chain.baseFee = 990n;
    await memory.senderOf().advance();
    expect(memory.store.row('a').attempts[0].maxFeePerGas).toBe('1000');
  });

  it('take a tip of one gwei from a node that names none, and a base fee of nothing where there is none', async () => {
    memory.store.add('a');
    memory.chain.baseFee = null;
    memory.chain.answers.estimateMaxPriorityFeePerGas = () => Promise.reject(new Error('not supported'));
    await memory.senderOf({ highestFeePerGas: 10n ** 10n }).advance();
    expect(memory.store.row('a').attempts[0]).toMatchObject({
      ...{ maxFeePerGas: '1000000000', maxPriorityFeePerGas: '1000000000' },
    });
  });

  it('rise by an eighth and a wei once the time is over, not before', async () => {
    memory.store.add('a');
    const sender = memory.senderOf();
    await sender.advance();
    later(999);
    await sender.advance();
    expect(memory.store.row('a').attempts).toHaveLength(1);
    expect(memory.chain.offered).toHaveLength(2);
    later(1);
    await sender.advance();
    const { attempts, nonce } = memory.store.row('a');
    expect(nonce).toBe(0);
    expect(
      attempts.map(({ maxFeePerGas, maxPriorityFeePerGas }) => [maxFeePerGas, maxPriorityFeePerGas]),
    ).toEqual([
      ['210', '10'],
      ['237', '12'],
    ]);
    const [first, second] = attempts.map(({ raw }) => partsOf(raw));
    expect([second.nonce ?? 0, second.to, second.data, second.gas]).toEqual([
      first.nonce ?? 0,
      first.to,
      first.data,
      first.gas,
    ]);
    expect(memory.chain.offered.at(-1)).toBe(attempts[1].raw);
    later(1000);
    await sender.advance();
    expect(memory.store.row('a').attempts.at(-1)).toMatchObject({
      maxFeePerGas: '267',
      maxPriorityFeePerGas: '14',
    });
    memory.chain.mine(4);
    await sender.advance();
    expect(memory.store.row('a')).toMatchObject({
      status: 'confirmed',
      hash: memory.store.row('a').attempts[2].hash,
    });
  });

  it('follow the chain where it has become dearer than an eighth', async () => {
    memory.store.add('a');
    const sender = memory.senderOf();
    await sender.advance();
    [memory.chain.baseFee, memory.chain.tip] = [300n, 40n];
    later(1000);
    await sender.advance();
    expect(memory.store.row('a').attempts[1]).toMatchObject({
      maxFeePerGas: '640',
      maxPriorityFeePerGas: '40',
    });
  });

  it('stop at the highest: the same bytes are offered again', async () => {
    memory.store.add('a');
    const sender = memory.senderOf({ highestFeePerGas: 237n });
    await sender.advance();
    later(1000);
    await sender.advance();
    later(1000);
    await sender.advance();
    const { attempts } = memory.store.row('a');
    expect(attempts.map(({ maxFeePerGas }) => maxFeePerGas)).toEqual(['210', '237']);
    expect(memory.chain.offered.at(-1)).toBe(attempts[1].raw);
    // Dearer than the highest fee: its last offer stays.
    memory.chain.baseFee = 10_000n;
    later(1000);
    await sender.advance();
    expect(memory.store.row('a').attempts).toHaveLength(2);
    expect(memory.chain.offered.at(-1)).toBe(attempts[1].raw);
  });

  it('are not raised while the chain asks for more than the highest, though an eighth more would be allowed', async () => {
    memory.store.add('a');
    const sender = memory.senderOf();
    await sender.advance();
    memory.chain.baseFee = 10_000n;
    later(1000);
    await sender.advance();
    expect(memory.store.row('a').attempts).toHaveLength(1);
    expect(memory.chain.offered).toHaveLength(2);
  });
});

describe('recheck', () => {
  it('leaves a transaction that another account has done', async () => {
    memory.store.add('a');
    const sender = memory.senderOf({}, () => Promise.resolve('done'));
    await sender.advance();
    await sender.recheck();
    expect(memory.store.statuses()).toEqual(['confirmed']);
  });

  it('offers again what a node has lost, and leaves the rest', async () => {
    memory.store.add('a', 'b');
    const sender = memory.senderOf({ confirmations: 0 });
    for (let turn = 0; turn < 3; turn++) {
      await sender.advance();
      memory.chain.mine();
    }
    expect(memory.store.statuses()).toEqual(['confirmed', 'confirmed']);
    await sender.recheck();
    expect(memory.store.statuses()).toEqual(['confirmed', 'confirmed']);
    memory.chain.takeBack(2);
    await sender.recheck();
    expect(memory.store.statuses()).toEqual(['confirmed', 'sent']);
    expect(memory.store.row('b')).toMatchObject({
      hash: null,
      blockNumber: null,
      blockHash: null,
      gasUsed: null,
    });
    await sender.advance();
    memory.chain.mine();
    await sender.advance();
    expect(memory.store.statuses()).toEqual(['confirmed', 'confirmed']);
    expect(memory.chain.taken()).toEqual([nameOf('a'), nameOf('b')]);
  });
});
