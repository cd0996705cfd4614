import { randomBytes } from 'node:crypto';

/**
 * Values of records that must change nobody's money: no message at all, or one with a false claim.
 *
 * @param header of those that are messages
 * @param plans that are open, whose executions are forged
 */
export function hostileValues(
  header: { readonly id: string; readonly sequence: number; readonly time: number },
  topic: string,
  plans: readonly string[] = [],
): string[] {
  const text = (payload: object, changes: object = {}) =>
    JSON.stringify({ ...header, topic, schemaVersion: 1, payload, ...changes });
  const legs = [{ market: 'M0', size: '1' }];
  const forged = plans.slice(0, 2).flatMap((planId, i) => {
    const report = { reportId: `${header.id}-${i}`, planId, liquidator: 'honest-0', status: 'full' };
    return [
      text({ ...report, fills: [{ ...legs[0], price: '1' }] }),
      text({ ...report, fills: [{ market: 'M0', size: '1e30', price: '1' }] }),
      text({ ...report, status: 'expired' }),
      text({ ...report, claims: true, penaltyRate: 0 }),
    ];
  });
  return [
    ...forged,
    randomBytes(40).toString('latin1'),
    '',
    '[]',
    '{"id":',
    `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
    text({}),
    text({}, { time: Date.UTC(2099, 0, 1) }),
    text({ kind: 'tick', market: 'M0', price: `1${'0'.repeat(60)}` }),
    text({ kind: 'tick', market: 'M0', price: '-1' }),
    text({ tradeId: 'lq-0-1', account: '__proto__', legs }),
    text({ tradeId: 'x', account: 'stranger', legs }),
    text({ tradeId: 'x', account: 'stranger', legs: Array.from({ length: 5000 }, () => legs[0]) }),
    text({ kind: 'withdrawal', commandId: 'x', account: 'stranger', amount: '1' }),
    text({ kind: 'deposit', commandId: 'x', account: 'constructor', amount: '1e400' }),
    text({ matchId: 'x', fills: [], pool: [], releases: [{ account: 'stranger', reservationId: 'x' }] }),
    text({ planId: 'lq-0-1', liquidator: 'gang-bot', status: 'full' }),
    `{"x":"${'x'.repeat(900_000)}"}`,
  ];
}
