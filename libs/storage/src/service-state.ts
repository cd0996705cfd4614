import type { EntityManager } from 'typeorm';
import { ServiceStateEntity } from './entities/index.js';

/** Reads and writes the named JSON values a service keeps, within a transaction. */
export class ServiceStateRepository {
  constructor(private readonly service: string) {}

  async load<T>(manager: EntityManager, name: string): Promise<T | undefined> {
    const row = await manager.getRepository(ServiceStateEntity).findOneBy({ service: this.service, name });
    return row === null ? undefined : (row.value as T);
  }

  /** Every value the service keeps, by name. */
  async all<T>(manager: EntityManager): Promise<Map<string, T>> {
    const rows = await manager.getRepository(ServiceStateEntity).findBy({ service: this.service });
    return new Map(rows.map(({ name, value }) => [name, value as T]));
  }

  /** Values whose names begin so, by name. */
  async startingWith<T>(manager: EntityManager, prefix: string): Promise<Map<string, T>> {
    const rows = await manager.query<{ name: string; value: T }[]>(
      'select name, value from service_state where service = $1 and starts_with(name, $2)',
      [this.service, prefix],
    );
    return new Map(rows.map(({ name, value }) => [name, value]));
  }

  /** Saves several values, given as JSON. */
  async saveTexts(
    manager: EntityManager,
    values: readonly (readonly [name: string, text: string])[],
  ): Promise<void> {
    if (values.length === 0) return;
    await manager.query(
      `insert into service_state (service, name, value)
       select $1, name, value from unnest($2::text[], $3::jsonb[]) as v (name, value)
       on conflict (service, name) do update set value = excluded.value`,
      [this.service, values.map(([name]) => name), values.map(([, text]) => text)],
    );
  }

  async save(manager: EntityManager, name: string, value: unknown): Promise<void> {
    await manager.query(
      `insert into service_state (service, name, value) values ($1, $2, $3::jsonb)
       on conflict (service, name) do update set value = excluded.value`,
      [this.service, name, JSON.stringify(value)],
    );
  }
}
