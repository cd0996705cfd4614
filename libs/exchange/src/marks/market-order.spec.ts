import { describe, expect, it } from 'vitest';
import { type MarketOrder, MarketOrderError, marketOrderSeal, requireMarketOrder } from './market-order.js';

const ORDER: Omit<MarketOrder, 'seal'> = {
  ...{ order: 'rescale', market: 'A', by: 'olga', reason: 'a test', issuedAt: 10, factor: '10' },
};
const sealed = (order: Omit<MarketOrder, 'seal'>, secret = 's'): MarketOrder => ({
  ...order,
  seal: marketOrderSeal(secret, order),
});
const taken = (order: MarketOrder, last = 9, secret: string | undefined = 's') => {
  requireMarketOrder(secret, order, last);
};

describe('an order of the operator', () => {
  it('is taken with the seal of its content, once', () => {
    taken(sealed(ORDER));
    expect(() => taken(sealed(ORDER), 10)).toThrow('an order issued later has been taken already');
    expect(() => taken(sealed(ORDER), 11)).toThrow(MarketOrderError);
  });

  it('is taken nowhere without a secret, and not with the seal of another one, a shorter or an empty one', () => {
    expect(() => requireMarketOrder(undefined, sealed(ORDER), 0)).toThrow('MARKET_ORDER_SECRET is not set');
    expect(() => taken(sealed(ORDER, 'other'))).toThrow('was not sealed by the operator');
    const { seal } = sealed(ORDER);
    for (const forged of ['', seal.slice(0, -2), `${seal}AA`])
      expect(() => taken({ ...ORDER, seal: forged })).toThrow('was not sealed by the operator');
  });

  it('is another one with any other field', () => {
    const trade = { account: 'x', id: 't', of: 'trades' as const };
    const others: Partial<MarketOrder>[] = [
      ...[
        { order: 'delist' as const },
        { market: 'B' },
        { by: 'otto' },
        { reason: 'another' },
        { issuedAt: 11 },
      ],
      ...[
        { factor: '11' },
        { factor: undefined },
        { price: '10' },
        { trade },
        { trade: { ...trade, account: 'y' } },
      ],
      ...[{ trade: { ...trade, id: 'u' } }, { trade: { ...trade, of: 'liquidation-trades' as const } }],
    ];
    const seals = [{}, ...others].map((change) => marketOrderSeal('s', { ...ORDER, ...change }));
    expect(new Set(seals).size).toBe(seals.length);
    for (const change of others)
      expect(() => taken({ ...sealed(ORDER), ...change })).toThrow('was not sealed by the operator');
  });
});
