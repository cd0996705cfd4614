import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { BookEvent, GainsCut, HaircutSettled, PositionsReduced } from '#lib/exchange';
import { sharedLoss } from '../../../test/support/past-the-pool.js';
import { checkLossCommand } from './loss.command.js';
import { checkSettlementCommand } from './settlement.command.js';
import { hasEvents } from './settlement-events.js';

describe('check-loss of a whole settlement', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-settlement-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const events = sharedLoss(1500).events.filter(
    ({ kind }) => kind === 'gains-cut' || kind === 'haircut-settled' || kind === 'positions-reduced',
  );
  const written = (given: readonly object[], name = 'events.jsonl') => {
    const file = join(folder, name);
    writeFileSync(file, given.map((event) => JSON.stringify(event)).join('\n'));
    return file;
  };
  const altered = <Event extends BookEvent>(
    kind: Event['kind'],
    change: (event: Event) => object,
    nth = 0,
  ) => {
    let seen = 0;
    return events.map((event) =>
      event.kind === kind && seen++ === nth ? { ...event, ...change(event as Event) } : event,
    );
  };
  const failures = async (given: readonly object[]) =>
    (await checkSettlementCommand(written(given), {})).failures.join('; ');

  it('holds of the events that an exchange has written: every cut, every position closed, the least risk', async () => {
    const file = written(events);
    expect(hasEvents(file)).toBe(true);
    const checked = await checkSettlementCommand(file, {});
    expect(checked).toMatchObject({
      ...{ settlementId: 'settlement-1', accounts: 1501, proofs: null, failures: [] },
      reduced: { accounts: 1500 },
    });
    expect(checked.reduced!.gap).toBeLessThan(2 ** -20);
    expect(events.filter(({ kind }) => kind === 'positions-reduced')).toHaveLength(2);
  });

  it('says what is not by the rule: a cut, an account left out, one closed for another, an equity that is another', async () => {
    const cut = altered<GainsCut>('gains-cut', ({ cuts }) => ({
      cuts: cuts.map(([account, own], i) => [account, i === 3 ? '1' : own]),
    }));
    expect(await failures(cut)).toMatch(/the cut of w00003 is/);
    const leftOut = altered<GainsCut>('gains-cut', ({ held }) => ({ held: held.slice(1) }));
    expect(await failures(leftOut)).toMatch(/accounts of chunk 0 is 1500, not 1501/);
    const spared = altered<PositionsReduced>('positions-reduced', ({ reductions }) => ({
      reductions: reductions.slice(1),
    }));
    expect(await failures(spared)).toMatch(/closed of chunk 0 is/);
    const richer = altered<PositionsReduced>('positions-reduced', ({ held = [] }) => ({
      held: held.map(([account, equity, kept], i) => [account, i === 5 ? '123456' : equity, kept]),
    }));
    expect(await failures(richer)).toMatch(/chunk 0/);
    const unstated = altered<PositionsReduced>('positions-reduced', () => ({ program: undefined }));
    expect(await failures(unstated)).toMatch(/without a statement/);
    const byMarket = altered<PositionsReduced>('positions-reduced', ({ program }) => ({
      program: { ...program!, prices: [] },
    }));
    expect(await failures(byMarket)).toMatch(/not certified/);
  });

  it('refuses events that are not those of one settlement, and what is no event, by name', async () => {
    const settled = events.find((event): event is HaircutSettled => event.kind === 'haircut-settled')!;
    await expect(failures([...events, settled])).rejects.toThrow(/one event haircut-settled, got 2/);
    await expect(failures([settled])).rejects.toThrow(/must have 1 events gains-cut/);
    await expect(failures([...events, { kind: 'haircut-settled' }])).rejects.toThrow(/events\.jsonl:5/);
    const bare = altered<HaircutSettled>('haircut-settled', () => ({ chunks: undefined }));
    await expect(failures(bare)).rejects.toThrow(/must have the chunks/);
    const other = altered<PositionsReduced>('positions-reduced', ({ held = [] }) => ({
      held: [[held[0][0], held[0][1], [['ZZZ', '1']]], ...held.slice(1)],
    }));
    await expect(failures(other)).rejects.toThrow(/ZZZ/);
    expect(hasEvents(written([{ settlementId: 's' }], 'share.json'))).toBe(false);
    expect(() => checkLossCommand(written([{}], 'share.json'), { proofs: folder })).toThrow(/--proofs/);
  });
});
