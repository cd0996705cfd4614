import { describe, expect, it } from 'vitest';
import { fillsOf } from './liquidation-record.js';

const ORDERS = [
  { market: 'A', size: '-10' },
  { market: 'B', size: '4' },
];
const report = (status: 'full' | 'partial', fills?: { market: string; size: string; price?: string }[]) =>
  ({
    ...{ reportId: 'r', planId: 'p', liquidator: 'bot', status },
    ...(fills === undefined ? {} : { fills }),
  }) as const;
const priced = (a: string, b: string) => [
  { market: 'A', size: a, price: '100' },
  { market: 'B', size: b, price: '50' },
];

describe('the fills of a report', () => {
  it('are the plan’s orders where all is executed against the pool', () => {
    expect(fillsOf(report('full'), ORDERS)).toEqual(ORDERS);
    expect(fillsOf(report('full', [{ market: 'A', size: '-1' }]), ORDERS)).toEqual(ORDERS);
  });

  it('with prices are all of the plan where the report says so: a part does not win as the whole', () => {
    expect(fillsOf(report('full', priced('-10', '4.0')), ORDERS)).toEqual(priced('-10', '4.0'));
    for (const fills of [priced('-1', '4'), priced('-9.99999999', '4'), [priced('-10', '4')[0]]])
      expect(() => fillsOf(report('full', fills), ORDERS)).toThrow(/all of the plan/);
    expect(fillsOf(report('partial', priced('-1', '4')), ORDERS)).toEqual(priced('-1', '4'));
  });

  it('are parts of its orders, once a market, and no crumbs', () => {
    for (const fills of [
      priced('-11', '4'),
      priced('10', '4'),
      [...priced('-10', '4'), priced('-1', '1')[0]],
    ])
      expect(() => fillsOf(report('partial', fills), ORDERS)).toThrow();
    expect(() => fillsOf(report('partial', priced('-0.1', '0.1')), ORDERS)).toThrow(/% are taken/);
    expect(() => fillsOf(report('partial'), ORDERS)).toThrow(/must say/);
  });
});
