import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors';
import { uniform } from '../../../../test/support/arbitraries.js';
import type { ValuationPayload } from '#lib/messages';
import { ExchangeLedger } from '../book/exchange-ledger.js';
import { formatDecimal, UNIT_DECIMALS, formatMoney } from '#lib/amounts';
import { BackedProviderError } from '../errors.js';
import { LiquidityShares } from './liquidity-shares.js';

const UNIT = 10n ** BigInt(UNIT_DECIMALS);
const MONEY = 10n ** 8n;

/** Liquidity of a provider of cash and of one whose pool shares a vault holds; no trades, so L is worth its amount. */
class Exchange {
  readonly ledger = new ExchangeLedger(86_400_000, 3_600_000);
  readonly shares = new LiquidityShares(
    this.ledger,
    { measure: 'evar', allocation: 'covariance', alpha: 0.01 },
    86_400_000,
    () => undefined,
    () => true,
  );
  private time = 0;
  private commands = 0;

  deposit(provider: string, amount: bigint): void {
    const commandId = `d${this.commands++}`;
    this.ledger.apply(
      this.shares.decide({ kind: 'deposit', commandId, provider, amount: formatMoney(amount) }, ++this.time),
    );
  }

  /** @param price of a unit, before the haircut */
  value(units: bigint, price: bigint, settled = 0n, haircut = 0, vault = '1'): void {
    const payload: Omit<ValuationPayload, 'seal'> = {
      provider: 'vault',
      units: formatDecimal(units * UNIT, UNIT_DECIMALS),
      settled: formatDecimal(settled * UNIT, UNIT_DECIMALS),
      unitValue: String(price),
      ...{ haircut, vault: `0x${vault.repeat(40)}`, block: 1 },
    };
    const at = ++this.time;
    this.ledger.apply(this.shares.valueVault(payload, at, at));
  }

  /** Traders win so much of the liquidity. */
  lose(amount: bigint): void {
    const loss = formatMoney(amount);
    this.ledger.apply({
      kind: 'account-deposited',
      at: this.time,
      commandId: 'x',
      account: 'trader',
      amount: '0',
    });
    this.ledger.apply({ kind: 'bankruptcy-settled', at: this.time, account: 'trader', loss });
  }

  worthOf(provider: string): bigint {
    return this.shares.positionOf(provider).worth;
  }
}

/** The vault's debt beyond its shares. */
const fairOwed = ({ ledger }: Exchange) => ledger.backingOf('vault')?.deficit ?? 0n;

describe('liquidity backed by a vault', () => {
  it('follows the vault’s value, whatever the others hold', () => {
    const exchange = new Exchange();
    exchange.deposit('cash', 1000n * MONEY);
    exchange.value(500n, 2n);
    expect(exchange.ledger.liquidity).toBe(2000n * MONEY);
    exchange.value(500n, 1n);
    expect(exchange.ledger.liquidity).toBe(1500n * MONEY);
    expect(exchange.worthOf('vault')).toBe(500n * MONEY);
    expect(exchange.worthOf('cash')).toBe(1000n * MONEY);
    exchange.value(500n, 2n, 0n, 0.25);
    expect(exchange.ledger.backingOf('vault')?.amount).toBe(750n * MONEY);
    expect(exchange.ledger.liquidity).toBe(1750n * MONEY);
    expect(exchange.ledger.imbalance()).toBe(0n);
  });

  it('a valuation takes nothing from the others and gives them nothing, and no unit is lost', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.array(
          fc.record({
            units: fc.integer({ min: 1, max: 100_000 }),
            price: fc.integer({ min: 1, max: 50 }),
            haircut: uniform(0, 0.9),
            lost: uniform(0, 0.2),
          }),
          { maxLength: 20 },
        ),
        (cash, steps) => {
          const exchange = new Exchange();
          exchange.deposit('cash', BigInt(cash) * MONEY);
          for (const { units, price, haircut, lost } of steps) {
            // Used up: nobody can come any more, see the engine's refusal.
            if (exchange.ledger.liquidity === 0n) return;
            const before = exchange.worthOf('cash') + fairOwed(exchange);
            exchange.value(BigInt(units), BigInt(price), 0n, haircut);
            if (exchange.ledger.liquidity === 0n) return;
            const after = exchange.worthOf('cash') + fairOwed(exchange);
            // The others bear the vault's debt until it is taken: with it they have their former worth.
            const rounding = 3n + exchange.ledger.liquidity / (exchange.ledger.outstandingShares + 1n);
            expect(after).toBeGreaterThanOrEqual(before - rounding);
            expect(after - before).toBeLessThanOrEqual(rounding + 1n);
            exchange.lose(BigInt(Math.floor(lost * Number(exchange.ledger.liquidity))));
            expect(exchange.ledger.imbalance()).toBe(0n);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('what the exchange takes of the vault settles what it has lost, and is no withdrawal', () => {
    const exchange = new Exchange();
    exchange.deposit('cash', 1000n * MONEY);
    exchange.value(1000n, 1n);
    exchange.lose(200n * MONEY);
    expect(exchange.shares.positionOf('vault').lost).toBe(100n * MONEY);
    exchange.value(900n, 1n, 100n);
    expect(exchange.shares.positionOf('vault').lost).toBe(0n);
    expect(exchange.ledger.liquidity).toBe(1800n * MONEY);
    expect(exchange.worthOf('cash')).toBe(900n * MONEY);
    // It leaves: everybody has their own.
    exchange.value(0n, 1n, 100n);
    expect(exchange.ledger.liquidity).toBe(900n * MONEY);
    expect(exchange.ledger.sharesOf('vault')).toBe(0n);
    expect(exchange.worthOf('cash')).toBe(900n * MONEY);
    expect(exchange.ledger.imbalance()).toBe(0n);
  });

  it('is settled at the whole value of units, whatever the haircut', () => {
    const exchange = new Exchange();
    exchange.deposit('cash', 1000n * MONEY);
    exchange.value(2000n, 1n, 0n, 0.5);
    exchange.lose(200n * MONEY);
    expect(exchange.shares.positionOf('vault').lost).toBe(100n * MONEY);
    exchange.value(1900n, 1n, 100n, 0.5);
    // But for a unit of rounding.
    expect(exchange.shares.positionOf('vault').lost).toBeLessThanOrEqual(1n);
    expect(exchange.shares.positionOf('vault').lost).toBeGreaterThanOrEqual(0n);
    expect(exchange.ledger.imbalance()).toBe(0n);
  });

  it('who leaves a loss behind owes it: the others have it back when it is taken, and not before', () => {
    const exchange = new Exchange();
    exchange.deposit('cash', 1000n * MONEY);
    exchange.value(1000n, 1n);
    exchange.lose(200n * MONEY);
    // All ask to leave: nothing counts any more, and the vault still holds it all.
    exchange.value(0n, 1n);
    expect(exchange.ledger.liquidity).toBe(800n * MONEY);
    expect(exchange.shares.positionOf('vault').lost).toBe(100n * MONEY);
    exchange.value(0n, 1n, 100n);
    expect(exchange.shares.positionOf('vault').lost).toBe(0n);
    expect(exchange.ledger.liquidity).toBe(900n * MONEY);
    expect(exchange.worthOf('cash')).toBe(900n * MONEY);
    expect(exchange.ledger.sharesOf('vault')).toBe(0n);
    // In part, and taken later.
    const other = new Exchange();
    other.deposit('cash', 1000n * MONEY);
    other.value(1000n, 1n);
    other.lose(200n * MONEY);
    other.value(50n, 1n);
    expect(other.shares.positionOf('vault').lost).toBe(100n * MONEY);
    other.value(45n, 1n, 100n);
    expect(other.shares.positionOf('vault').lost).toBe(0n);
    expect(other.worthOf('cash')).toBe(900n * MONEY);
    expect(other.worthOf('vault')).toBe(45n * MONEY);
    expect(other.ledger.imbalance()).toBe(0n);
  });

  it('who owes and comes back with less than that gets no shares, and owes the rest', () => {
    const exchange = new Exchange();
    exchange.deposit('cash', 1000n * MONEY);
    exchange.value(1000n, 1n);
    exchange.lose(200n * MONEY);
    exchange.value(0n, 1n);
    expect(fairOwed(exchange)).toBe(100n * MONEY);
    exchange.value(30n, 1n);
    expect([exchange.ledger.sharesOf('vault'), fairOwed(exchange)]).toEqual([0n, 70n * MONEY]);
    expect(exchange.worthOf('cash')).toBe(830n * MONEY);
    exchange.value(130n, 1n);
    // 70 of the 100 that come are owed; 30 are shares of 900.
    expect([exchange.ledger.sharesOf('vault') > 0n, fairOwed(exchange)]).toEqual([true, 0n]);
    expect(exchange.worthOf('vault')).toBe(30n * MONEY - 1n);
    expect(exchange.ledger.imbalance()).toBe(0n);
  });

  it('what was settled before it counted, or with another vault, is none of its business', () => {
    const exchange = new Exchange();
    exchange.value(1000n, 1n, -50n);
    expect(exchange.ledger.liquidity).toBe(1000n * MONEY);
    exchange.value(1000n, 1n, 70n, 0, '2');
    expect(exchange.ledger.liquidity).toBe(1000n * MONEY);
    expect(exchange.shares.positionOf('vault').lost).toBe(0n);
  });

  it('a fall beyond what is left of L is the exchange’s shortfall', () => {
    const exchange = new Exchange();
    exchange.value(1000n, 1n);
    exchange.lose(600n * MONEY);
    exchange.value(500n, 1n);
    expect(exchange.ledger.liquidity).toBe(0n);
    expect(exchange.ledger.shortfall).toBe(100n * MONEY);
    expect(exchange.ledger.imbalance()).toBe(0n);
  });

  it('survives a restart', () => {
    const exchange = new Exchange();
    exchange.value(1000n, 3n, -5n, 0.5);
    const snapshot = JSON.parse(JSON.stringify(exchange.ledger.snapshot())) as ReturnType<
      ExchangeLedger['snapshot']
    >;
    const restored = ExchangeLedger.restore(snapshot, 86_400_000, 3_600_000);
    expect(restored.backingOf('vault')).toEqual(exchange.ledger.backingOf('vault'));
    expect(restored.backedProviders()).toEqual(['vault']);
  });

  it('cash and a vault are not one provider', () => {
    const exchange = new Exchange();
    exchange.deposit('vault', 10n * MONEY);
    expect(() => {
      exchange.value(1n, 1n);
    }).toThrow(BackedProviderError);
    const other = new Exchange();
    other.value(1n, 1n);
    expect(() => {
      other.deposit('vault', MONEY);
    }).toThrow(BackedProviderError);
  });

  it('refuses values that are none', () => {
    const exchange = new Exchange();
    expect(() => {
      exchange.value(1n, -1n);
    }).toThrow(InvalidInputError);
    expect(() => {
      exchange.value(-1n, 1n);
    }).toThrow(InvalidInputError);
    expect(() => {
      exchange.value(5n, 0n);
    }).toThrow(InvalidInputError);
  });
});
