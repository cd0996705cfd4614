import type { StoredTransaction, TransactionStore } from '#lib/chain';

/** A transaction that waits to be sent. */
export function waitingTransaction(id: string, ordinal: number): StoredTransaction {
  return {
    ...{ id, ordinal, status: 'waiting', nonce: null, attempts: [], hash: null },
    ...{ blockNumber: null, blockHash: null, gasUsed: null, reason: null },
  };
}

/** Keeps rows as a database would: readers get copies. Can be told to fail before or after a write. */
export class MemoryTransactionStore implements TransactionStore {
  readonly rows = new Map<string, StoredTransaction>();
  writes = 0;
  crashAt: number | undefined;

  add(...ids: string[]): void {
    for (const id of ids) this.rows.set(id, waitingTransaction(id, this.rows.size + 1));
  }

  /** The row of a transaction that is there. */
  row(id: string): StoredTransaction {
    return this.rows.get(id)!;
  }

  statuses(): string[] {
    return [...this.rows.values()].map(({ status }) => status);
  }

  open(): Promise<StoredTransaction[]> {
    const open = [...this.rows.values()].filter(
      ({ status }) => status !== 'confirmed' && status !== 'refused',
    );
    return Promise.resolve(structuredClone(open));
  }

  lately(): Promise<StoredTransaction[]> {
    return Promise.resolve(
      structuredClone([...this.rows.values()].filter(({ status }) => status === 'confirmed')),
    );
  }

  lastNonce(): Promise<number | null> {
    const nonces = [...this.rows.values()].flatMap(({ nonce }) => (nonce === null ? [] : [nonce]));
    return Promise.resolve(nonces.length === 0 ? null : Math.max(...nonces));
  }

  save(transaction: StoredTransaction): Promise<void> {
    const step = this.writes++;
    if (step === this.crashAt) return Promise.reject(new Error('killed before the write'));
    this.rows.set(transaction.id, structuredClone(transaction));
    if (step + 0.5 === this.crashAt) return Promise.reject(new Error('killed after the write'));
    return Promise.resolve();
  }
}
