import type { ServiceProcess } from '../topology.js';
import { type Calls, count, type Findings } from './calls.js';
import { GANG, MARKETS } from './names.js';

/** Signs admin calls of the services that are attacked. */
export const ADMIN_SECRET = 'x'.repeat(40);

/** One dishonest administrator with two keys and the secret, and without a second holder. */
export class LoneAdministrator {
  constructor(
    private readonly calls: Calls,
    private readonly pricer: ServiceProcess,
    /** both the same holder's */
    private readonly keys: readonly [string, string],
    private readonly found: Findings,
  ) {}

  /** Approves calls by the other key of its own and makes them: orders, keys, parameters, dead letters. */
  async act(round: number): Promise<void> {
    const by = { by: 'olga', reason: 'none' };
    const orders = ['resume', 'confirm', 'refuse', 'accept-time', 'rescale', 'delist', 'bust'];
    const order = orders[round % orders.length];
    const market = MARKETS[round % MARKETS.length];
    const more = order === 'rescale' ? { factor: '2' } : order === 'delist' ? { price: '1' } : {};
    const trade = order === 'bust' ? { trade: { account: 'honest-0', id: 'x', of: 'trades' } } : {};
    for (const [path, body] of [
      [`admin/markets/${market}/orders`, { order, ...by, ...more, ...trade }],
      ['admin/keys', { label: 'theft', scopes: ['treasury'], accounts: [GANG[0]] }],
      ['admin/parameters', { commandId: `p-${round}`, base: 1, parameters: {}, ...by }],
      ['admin/dead-letters/accounts/requeue', { places: ['0-0'] }],
    ] as const) {
      const approval = { method: 'POST', path: `/v1/${path}`, body: JSON.stringify(body) };
      await this.calls.signed(this.pricer, ADMIN_SECRET, this.keys[1], 'admin/approvals', approval);
      const { status } = await this.calls.signed(this.pricer, ADMIN_SECRET, this.keys[0], path, body);
      count(this.found, `a lone administrator: ${status}`);
      if (status < 400) this.found.problems.push(`one administrator alone: ${path} ${JSON.stringify(body)}`);
      await this.calls.refused(this.pricer, this.keys[0], path, body, 'an unsigned admin call');
    }
  }
}
