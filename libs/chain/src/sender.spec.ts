import { BaseError, type Hex, parseTransaction } from 'viem';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FakeChain } from '../../../test/support/fake-chain.js';
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

const partsOf = (raw: Hex) => parseTransaction(raw as `0x02${string}`);
const later = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);

describe('a transaction that is sent', () => {
  it('is kept as it was signed: nonce, calldata, a third more gas than estimated, hash, time and head', async () => {
    chain.mine(4);
    store.add('a');
    expect(await senderOf().advance()).toBe(true);
    const { status, nonce, attempts } = store.row('a');
    expect([status, nonce, attempts.length]).toEqual(['sent', 0, 1]);
    const [{ raw, hash, ...rest }] = attempts;
    expect(rest).toEqual({ maxFeePerGas: '210', maxPriorityFeePerGas: '10', at: 1_000_000, afterBlock: 4 });
    expect(chain.offered).toEqual([raw]);
    expect(partsOf(raw)).toMatchObject({
      ...{ chainId: 31337, to: SENT_TO, data: nameOf('a'), gas: 65_000n },
      ...{ maxFeePerGas: 210n, maxPriorityFeePerGas: 10n },
    });
    chain.mine();
    expect(await chain.client.getTransactionReceipt({ hash })).toMatchObject({ status: 'success' });
  });

  it('has the gas estimated for its own call by its own account', async () => {
    store.add('a');
    chain.answers.estimateGas = (asked) => {
      expect(asked).toMatchObject({ account: SENDER, to: SENT_TO, data: nameOf('a') });
      return 100_000n;
    };
    await senderOf().advance();
    expect(partsOf(store.row('a').attempts[0].raw).gas).toBe(130_000n);
  });

  it('is confirmed at once where another account’s transaction has done it; the next goes on', async () => {
    store.add('a', 'b');
    const sender = senderOf({}, (id) =>
      Promise.resolve(id === 'a' ? 'done' : { to: SENT_TO, data: nameOf(id) }),
    );
    await sender.advance();
    expect(store.row('a')).toMatchObject({ status: 'confirmed', nonce: null, attempts: [] });
    expect(store.row('b')).toMatchObject({ status: 'sent', nonce: 0 });
  });

  it('is one at a time; the next follows once the one before is mined', async () => {
    store.add('a', 'b', 'c');
    const sender = senderOf();
    await sender.advance();
    await sender.advance();
    expect(store.statuses()).toEqual(['sent', 'waiting', 'waiting']);
    chain.mine();
    await sender.advance();
    expect(store.statuses()).toEqual(['mined', 'sent', 'waiting']);
    expect(store.row('b').nonce).toBe(1);
    chain.mine();
    await sender.advance();
    expect(store.statuses()).toEqual(['mined', 'mined', 'sent']);
  });

  it('is confirmed by as many blocks as are asked for, not by one less', async () => {
    store.add('a');
    const sender = senderOf();
    await sender.advance();
    chain.mine(3);
    expect(await sender.advance()).toBe(true);
    expect(store.row('a')).toMatchObject({ status: 'mined', blockNumber: 1, gasUsed: 40_000, reason: null });
    chain.mine();
    expect(await sender.advance()).toBe(false);
    const { status, hash, attempts, blockHash } = store.row('a');
    expect([status, hash]).toEqual(['confirmed', attempts[0].hash]);
    expect(blockHash).toBe((await chain.client.getBlock({ blockNumber: 1n })).hash);
    expect(await sender.advance()).toBe(false);
    expect(chain.taken()).toEqual([nameOf('a')]);
  });

  it('is refused where it reverts, once that is confirmed, with the reason; the next goes on', async () => {
    store.add('a', 'b');
    const sender = senderOf();
    await sender.advance();
    chain.revert(store.row('a').attempts[0].hash);
    chain.mine();
    let asked: unknown;
    chain.answers.call = (call) => {
      asked = call;
      throw new BaseError('execution reverted: no');
    };
    await sender.advance();
    expect(store.row('a')).toMatchObject({ status: 'mined', reason: null });
    chain.mine(3);
    await sender.advance();
    expect(asked).toMatchObject({
      ...{ account: SENDER, to: SENT_TO, data: nameOf('a'), gas: 65_000n, blockNumber: 0n },
    });
    expect(store.row('a')).toMatchObject({ status: 'refused', reason: 'execution reverted: no' });
    chain.mine(3);
    expect(await sender.advance()).toBe(false);
    expect(store.statuses()).toEqual(['refused', 'confirmed']);
  });

  it('says so where it would not have reverted a block earlier, and what else the node says', async () => {
    for (const [id, answer, reason] of [
      ['a', () => ({ data: '0x' }), 'it reverted, but would not have a block earlier'],
      ['b', () => Promise.reject(new BaseError('the node is tired')), 'the node is tired'],
    ] as const) {
      store.add(id);
      const sender = senderOf({ confirmations: 0 });
      await sender.advance();
      chain.revert(store.row(id).attempts[0].hash);
      chain.mine();
      chain.answers.call = answer;
      await sender.advance();
      expect(store.row(id).reason?.split('\n')[0]).toBe(reason);
    }
  });

  it('is on its way again when its block is taken back', async () => {
    store.add('a');
    const sender = senderOf();
    await sender.advance();
    chain.mine(2);
    await sender.advance();
    chain.takeBack(2);
    chain.dropPending();
    await sender.advance();
    expect(store.row('a')).toMatchObject({
      ...{ status: 'sent', nonce: 0, hash: null, blockNumber: null, blockHash: null, gasUsed: null },
    });
    expect(new Set(chain.offered).size).toBe(1);
    chain.mine(4);
    await sender.advance();
    expect(store.statuses()).toEqual(['confirmed']);
    expect(chain.taken()).toEqual([nameOf('a')]);
  });
});

describe('fees', () => {
  it('are twice the base fee and the tip, and never above the highest', async () => {
    store.add('a');
    chain.baseFee = 600n;
    await senderOf().advance();
    expect(store.row('a').attempts[0]).toMatchObject({ maxFeePerGas: '1000', maxPriorityFeePerGas: '10' });
  });

  it('of exactly the highest are paid; one wei more is waited out', async () => {
    store.add('a');
    chain.baseFee = 991n;
    await senderOf().advance();
    expect(store.statuses()).toEqual(['waiting']);
    expect(chain.offered).toEqual([]);
    chain.baseFee = 990n;
    await senderOf().advance();
    expect(store.row('a').attempts[0].maxFeePerGas).toBe('1000');
  });

  it('take a tip of one gwei from a node that names none, and a base fee of nothing where there is none', async () => {
    store.add('a');
    chain.baseFee = null;
    chain.answers.estimateMaxPriorityFeePerGas = () => Promise.reject(new Error('not supported'));
    await senderOf({ highestFeePerGas: 10n ** 10n }).advance();
    expect(store.row('a').attempts[0]).toMatchObject({
      ...{ maxFeePerGas: '1000000000', maxPriorityFeePerGas: '1000000000' },
    });
  });

  it('rise by an eighth and a wei once the time is over, not before', async () => {
    store.add('a');
    const sender = senderOf();
    await sender.advance();
    later(999);
    await sender.advance();
    expect(store.row('a').attempts).toHaveLength(1);
    expect(chain.offered).toHaveLength(2);
    later(1);
    await sender.advance();
    const { attempts, nonce } = store.row('a');
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
    expect(chain.offered.at(-1)).toBe(attempts[1].raw);
    later(1000);
    await sender.advance();
    expect(store.row('a').attempts.at(-1)).toMatchObject({ maxFeePerGas: '267', maxPriorityFeePerGas: '14' });
    chain.mine(4);
    await sender.advance();
    expect(store.row('a')).toMatchObject({ status: 'confirmed', hash: store.row('a').attempts[2].hash });
  });

  it('follow the chain where it has become dearer than an eighth', async () => {
    store.add('a');
    const sender = senderOf();
    await sender.advance();
    [chain.baseFee, chain.tip] = [300n, 40n];
    later(1000);
    await sender.advance();
    expect(store.row('a').attempts[1]).toMatchObject({ maxFeePerGas: '640', maxPriorityFeePerGas: '40' });
  });

  it('stop at the highest: the same bytes are offered again', async () => {
    store.add('a');
    const sender = senderOf({ highestFeePerGas: 237n });
    await sender.advance();
    later(1000);
    await sender.advance();
    later(1000);
    await sender.advance();
    const { attempts } = store.row('a');
    expect(attempts.map(({ maxFeePerGas }) => maxFeePerGas)).toEqual(['210', '237']);
    expect(chain.offered.at(-1)).toBe(attempts[1].raw);
    // Dearer than the highest fee: its last offer stays.
    chain.baseFee = 10_000n;
    later(1000);
    await sender.advance();
    expect(store.row('a').attempts).toHaveLength(2);
    expect(chain.offered.at(-1)).toBe(attempts[1].raw);
  });

  it('are not raised while the chain asks for more than the highest, though an eighth more would be allowed', async () => {
    store.add('a');
    const sender = senderOf();
    await sender.advance();
    chain.baseFee = 10_000n;
    later(1000);
    await sender.advance();
    expect(store.row('a').attempts).toHaveLength(1);
    expect(chain.offered).toHaveLength(2);
  });
});

describe('recheck', () => {
  it('leaves a transaction that another account has done', async () => {
    store.add('a');
    const sender = senderOf({}, () => Promise.resolve('done'));
    await sender.advance();
    await sender.recheck();
    expect(store.statuses()).toEqual(['confirmed']);
  });

  it('offers again what a node has lost, and leaves the rest', async () => {
    store.add('a', 'b');
    const sender = senderOf({ confirmations: 0 });
    for (let turn = 0; turn < 3; turn++) {
      await sender.advance();
      chain.mine();
    }
    expect(store.statuses()).toEqual(['confirmed', 'confirmed']);
    await sender.recheck();
    expect(store.statuses()).toEqual(['confirmed', 'confirmed']);
    chain.takeBack(2);
    await sender.recheck();
    expect(store.statuses()).toEqual(['confirmed', 'sent']);
    expect(store.row('b')).toMatchObject({ hash: null, blockNumber: null, blockHash: null, gasUsed: null });
    await sender.advance();
    chain.mine();
    await sender.advance();
    expect(store.statuses()).toEqual(['confirmed', 'confirmed']);
    expect(chain.taken()).toEqual([nameOf('a'), nameOf('b')]);
  });
});
