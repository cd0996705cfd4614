import type { Hex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { afterEach, beforeEach, vi } from 'vitest';
import { type SenderOptions, TransactionSender } from '#lib/chain';
import { FakeChain } from './fake-chain.js';
import { MemoryTransactionStore } from './transaction-store.js';

export const SENDER = privateKeyToAccount(`0x${'7'.repeat(64)}`);
export const SENT_TO = '0x00000000000000000000000000000000000000aa';
const OPTIONS: SenderOptions = { confirmations: 3, replaceAfterMs: 1000, highestFeePerGas: 1000n };

/** Calldata that names its transaction. */
export const nameOf = (id: string): Hex => `0x${Buffer.from(id).toString('hex')}`;

/** Senders of one store on a chain in memory. */
export interface MemorySender {
  chain: FakeChain;
  store: MemoryTransactionStore;
  /** @param callOf (default: the call that {@link nameOf} names) */
  readonly senderOf: (
    options?: Partial<SenderOptions>,
    callOf?: ConstructorParameters<typeof TransactionSender>[3],
  ) => TransactionSender;
}

/** Gives each test of a file a new chain and store, and sets the clock to 1000 s. */
export function memorySender(): Readonly<MemorySender> {
  const memory: MemorySender = {
    ...{ chain: new FakeChain(), store: new MemoryTransactionStore() },
    senderOf: (options = {}, callOf = (id) => Promise.resolve({ to: SENT_TO, data: nameOf(id) })) =>
      new TransactionSender(memory.chain.client, SENDER, memory.store, callOf, { ...OPTIONS, ...options }),
  };
  beforeEach(() => {
    memory.chain = new FakeChain();
    memory.store = new MemoryTransactionStore();
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  return memory;
}
