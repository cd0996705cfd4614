import { describe, expect, it } from 'vitest';
import {
  type GainsCut,
  type HaircutSettled,
  lossSettlement,
  type PositionsReduced,
  reductionLeavesOf,
  reductionStatementOf,
} from '#lib/exchange';
import {
  lossChunkFailures,
  lossStatement,
  lossStatementFailures,
  reductionChunkFailures,
  reductionGap,
  reductionGapFailures,
  reductionStatementFailures,
} from '#lib/margin';
import { HOUR_MS, money, number } from '../support/exchange-machine.js';
import { pastThePool } from '../support/past-the-pool.js';

/** Law 5, past P + L: gains bear the shortfall, in proportion, and nobody gains by being first or by being many. */
describe('a loss past the pool', () => {
  it('is shared after an hour: gains pro rata, exactly, nobody else; then the exchange goes on', () => {
    const machine = pastThePool();
    const { engine, ledger } = machine;
    expect(engine.solvency().insolvent).toBe(true);
    expect(machine.trade('idle', { A: 1 })).toMatchObject({ code: 'insolvent' });
    machine.settle();
    machine.wait(HOUR_MS / 2);
    expect(ledger.settlements).toBe(0);
    const seen = machine.events.length;
    const before = lossSettlement(engine);
    machine.wait(HOUR_MS);
    const events = machine.events.slice(seen);
    const settled = events.find((event): event is HaircutSettled => event.kind === 'haircut-settled')!;
    const cuts = events
      .filter((event): event is GainsCut => event.kind === 'gains-cut')
      .flatMap((event) => event.cuts);
    // Funding has gone on for an hour.
    expect(number(money(settled.need)) / number(before.need)).toBeCloseTo(1, 1);
    expect(settled.fromPrincipal).toBe('0');
    // The statement for proofs: sums and roots chunk by chunk, nothing of an account.
    expect(settled.chunks).toHaveLength(1);
    expect(settled.chunks[0]).toMatchObject({
      gains: settled.gains,
      cuts: settled.need,
      root: settled.root,
    });
    expect(cuts.reduce((sum, [, cut]) => sum + money(cut), 0n)).toBe(money(settled.need));
    expect(cuts.map(([account]) => account)).toEqual(Array.from({ length: 10 }, (_, i) => `w${i}`));
    const share = number(money(settled.need)) / number(money(settled.gains));
    for (const [i, [, cut]] of cuts.entries())
      expect(number(money(cut)) / ((100 + 50 * i) * 60)).toBeCloseTo(share, 1);
    expect(engine.solvency().insolvent).toBe(false);
    expect(ledger.settlements).toBe(1);
    expect(ledger.recount()).toBeUndefined();
    // The pool has no capital: its position has become as small as that.
    const reduced = events.filter((event): event is PositionsReduced => event.kind === 'positions-reduced');
    // The events are enough to judge it: sides, sums, and that no other way of closing leaves less risk.
    const statement = reductionStatementOf(reduced)!;
    expect(statement.chunks).toHaveLength(1);
    expect(reductionStatementFailures(statement)).toEqual([]);
    const leaves = reductionLeavesOf(reduced[0].program!, reduced[0]);
    expect(reductionChunkFailures(statement, 0, leaves, '')).toEqual([]);
    const gap = reductionGap(statement.terms, leaves);
    expect(reductionGapFailures(gap)).toEqual([]);
    expect(gap.risk).toBeGreaterThan(0n);
    expect(Math.abs(Number(ledger.market('A').size))).toBeLessThan(Number(1000n * 10n ** 8n));
    for (let i = 0; i < 10; i++) expect(ledger.position(`w${i}`, 'A').size).toBeGreaterThanOrEqual(0n);
    machine.deposit('new', 10_000);
    expect(machine.trade('new', { A: -1 }).kind).toBe('trade-booked');
  });

  it('is borne alike by one account and by the same in three parts, and leaves a root that binds every part', () => {
    const machine = pastThePool();
    const { parts, need, shares } = lossSettlement(machine.engine);
    expect(parts.reduce((sum, { cut }) => sum + cut, 0n)).toBe(need);
    const [first] = parts.filter(({ cut }) => cut > 0n);
    const altered = parts.map((part) => (part === first ? { ...part, cut: part.cut + 1n } : part));
    const statement = lossStatement(need, parts);
    expect(lossStatementFailures(statement)).toEqual([]);
    expect(lossChunkFailures(statement, 0, parts, '')).toEqual([]);
    expect(lossChunkFailures(statement, 0, altered, '')).not.toEqual([]);
    const split = pastThePool();
    expect(lossSettlement(split.engine).shares.gains).toBe(shares.gains);
    // A deposit is no gain.
    split.deposit('w9', 1_000_000);
    expect(lossSettlement(split.engine).shares.gains).toBe(shares.gains);
    expect(lossSettlement(split.engine).need).toBe(need);
  });

  it('leaves notes that half of what vests repays, and not a unit more', () => {
    const machine = pastThePool();
    machine.settle();
    machine.wait(HOUR_MS);
    machine.wait(1000);
    const { ledger } = machine;
    expect(ledger.settlements).toBe(1);
    const owed = ledger.notesOf('w9').outstanding;
    expect(owed).toBeGreaterThan(0n);
    const claim = (account: string) =>
      machine.command({ kind: 'claim', commandId: `claim-${machine.events.length}`, account });
    const paidBefore = ledger.notes.fund;
    machine.provide('lp2', 500_000);
    machine.wait(1000);
    machine.deposit('payer', 400_000);
    machine.trade('payer', { A: 2000 });
    for (let hour = 0; hour < 30; hour++) machine.wait(HOUR_MS);
    machine.settle();
    expect(ledger.notes.fund).toBeGreaterThan(paidBefore);
    const { claimable } = ledger.notesOf('w9');
    expect(claimable).toBeGreaterThan(0n);
    const cash = ledger.cashOf('w9');
    const gain = () => ledger.gainOf('w9', machine.engine.accounts.exactEquity('w9'));
    const gainBefore = gain();
    expect(claim('w9')).toMatchObject({ kind: 'note-paid' });
    expect(ledger.cashOf('w9')).toBe(cash + claimable);
    // Money of an earlier loss that is given back is no gain that the next one takes.
    expect(gain()).toBe(gainBefore);
    expect(ledger.notesOf('w9').outstanding).toBe(owed - claimable);
    expect(claim('w9')).toMatchObject({ code: 'nothing-to-claim' });
    expect(claim('idle')).toMatchObject({ code: 'nothing-to-claim' });
    expect(ledger.recount()).toBeUndefined();
  });

  it('is no burden of liquidity that comes meanwhile, and is shared once: nothing is cut to fund the notes', () => {
    const machine = pastThePool();
    machine.settle();
    machine.trade('w9', { A: -200 });
    machine.provide('early', 50_000);
    expect(machine.ledger.sharesOf('early')).toBe(0n);
    machine.wait(HOUR_MS);
    const { ledger, engine } = machine;
    expect(ledger.settlements).toBe(1);
    expect(engine.solvency().insolvent).toBe(false);
    machine.wait(1000);
    expect(ledger.sharesOf('early')).toBeGreaterThan(0n);
    expect(machine.worth('early')).toBeGreaterThan(0.8 * 50_000);
    for (let hour = 0; hour < 30; hour++) machine.wait(HOUR_MS);
    expect(ledger.settlements).toBe(1);
    expect(ledger.shortfall).toBe(0n);
    expect(ledger.recount()).toBeUndefined();
  });

  it('counts as gains what was won since the day before, also of who closes and opens again', () => {
    const machine = pastThePool();
    const gains = lossSettlement(machine.engine).parts.find(({ account }) => account === 'w3')!.gain;
    expect(number(gains)).toBeCloseTo(250 * 60, -3);
    machine.trade('w3', { A: -250 });
    const closed = lossSettlement(machine.engine).parts.find(({ account }) => account === 'w3')!.gain;
    expect(closed).toBeGreaterThan(0n);
    expect(closed).toBeLessThanOrEqual(gains);
  });
});

/** The kinds of events are enough to fold the books again. */
describe('a ledger restored after a settlement', () => {
  it('is the ledger', () => {
    const machine = pastThePool();
    machine.settle();
    machine.wait(HOUR_MS);
    machine.wait(1000);
    const { ledger } = machine;
    const frozen = JSON.parse(JSON.stringify(ledger.snapshot())) as ReturnType<typeof ledger.snapshot>;
    const copy = machine.restored(frozen);
    expect(JSON.stringify(copy.snapshot())).toBe(JSON.stringify(ledger.snapshot()));
    const fresh = machine.restored();
    for (const event of machine.events) fresh.apply(event);
    expect(JSON.stringify(fresh.snapshot())).toBe(JSON.stringify(ledger.snapshot()));
  });
});
