import type { EntityManager } from 'typeorm';
import { ServiceStateEntity } from './entities/index.js';
import { flushWrites, type StateText, writeStates } from './transaction-writes.js';

/** Reads and writes the named JSON values a service keeps, within a transaction. */
export class ServiceStateRepository {
  constructor(private readonly service: string) {}

  async load<T>(manager: EntityManager, name: string): Promise<T | undefined> {
    await flushWrites(manager);
    const row = await manager.getRepository(ServiceStateEntity).findOneBy({ service: this.service, name });
    return row === null ? undefined : (row.value as T);
  }

  /** Every value the service keeps, by name. */
  async all<T>(manager: EntityManager): Promise<Map<string, T>> {
    await flushWrites(manager);
    const rows = await manager.getRepository(ServiceStateEntity).findBy({ service: this.service });
    return new Map(rows.map(({ name, value }) => [name, value as T]));
  }

  /** Values whose names begin so, by name. */
  async startingWith<T>(manager: EntityManager, prefix: string): Promise<Map<string, T>> {
    await flushWrites(manager);
    const rows = await manager.query<{ name: string; value: T }[]>(
      'select name, value from service_state where service = $1 and starts_with(name, $2)',
      [this.service, prefix],
    );
    return new Map(rows.map(({ name, value }) => [name, value]));
  }

  /** Saves several values, given as JSON or as functions that make it when the transaction ends; null removes one. */
  async saveTexts(
    manager: EntityManager,
    values: readonly (readonly [name: string, text: StateText | null])[],
  ): Promise<void> {
    if (values.length === 0) return;
    const rows = values.map(([name, text]) => ({ service: this.service, name, text }));
    await writeStates(manager, rows);
  }

  /** @param value not changed before the transaction ends */
  save(manager: EntityManager, name: string, value: unknown): Promise<void> {
    return this.saveTexts(manager, [[name, () => JSON.stringify(value)]]);
  }
}
