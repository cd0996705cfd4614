import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { firstRules, PricingEngine } from '#lib/exchange';
import { PricerRepository } from '../../apps/pricer/src/index.js';
import { startTestDatabase, type TestDatabase } from '../support/database.js';
import { ExchangeMachine } from '../support/exchange-machine.js';

const MARKETS = Array.from({ length: 30 }, (_, i) => `M${i}`);
const ACCOUNTS = 80;

/** An exchange in the middle of its pass over the accounts: each command takes 32 of them along. */
function machineInPass(): ExchangeMachine {
  const { parameters } = firstRules({});
  const machine = new ExchangeMachine(MARKETS, {
    rules: { margin: parameters.margin, credit: parameters.credit },
  });
  machine.provide('lp', 10_000_000);
  machine.marks();
  for (let i = 0; i < ACCOUNTS; i++) {
    machine.deposit(`a${i}`, 1000);
    machine.trade(`a${i}`, { [MARKETS[i % MARKETS.length]]: '1' });
  }
  machine.forecast();
  while (!machine.engine.credit.complete) machine.deposit('a0', 1);
  machine.forecast();
  expect(machine.engine.credit.complete).toBe(false);
  return machine;
}

describe('the pass over the accounts in the tables', () => {
  let database: TestDatabase;
  let connection: DataSource;
  beforeAll(async () => {
    database = await startTestDatabase();
    connection = await database.connect();
  });
  afterAll(async () => {
    await connection.destroy();
    await database.stop();
  });

  const save = (repository: PricerRepository, engine: PricingEngine) =>
    connection.transaction((manager) => repository.saveState(manager, engine.changes()));
  const sizes = async () => {
    const rows = await connection.query<{ name: string; size: number; version: string }[]>(
      `select name, length(value::text) as size, xmin::text as version from service_state where service = 'pricer' and name in ('engine', 'pass')`,
    );
    return new Map(rows.map(({ name, ...row }) => [name, row]));
  };

  it('has its marks in a row that is written when they change, not with each batch', async () => {
    const machine = machineInPass();
    const repository = new PricerRepository(connection);
    const { engine } = machine;
    await save(repository, engine);
    const first = await sizes();
    // Two marks a market are there, and not beside what changes with each command.
    expect(first.get('pass')!.size).toBeGreaterThan(2 * MARKETS.length * 40);
    expect(first.get('engine')!.size).toBeLessThan(first.get('pass')!.size / 2);
    const { swept } = engine.credit.passState()!;
    machine.deposit('a1', 1);
    await save(repository, engine);
    const second = await sizes();
    expect(second.get('engine')!.version).not.toBe(first.get('engine')!.version);
    expect(second.get('pass')).toEqual(first.get('pass'));
    // A process that starts here goes on from where the pass is.
    const { state } = await repository.loadState();
    expect(state).toEqual(JSON.parse(JSON.stringify(engine.snapshot())));
    expect(state!.credit!.swept).toBeGreaterThan(swept);
    // It has read the tables: whatever it has in memory is written once more.
    await save(repository, engine);
    expect((await sizes()).get('pass')!.version).not.toBe(second.get('pass')!.version);
    while (!engine.credit.complete) machine.deposit('a0', 1);
    await save(repository, engine);
    expect((await repository.loadState()).state!.credit).toEqual(engine.credit.passState());
  });
});
