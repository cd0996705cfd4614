import { percentile } from '../../../bench/harness.js';
import type { ServiceProcess } from '../topology.js';
import { type Answer, type Calls, count, type Findings } from './calls.js';
import { HONEST, MARKETS } from './names.js';

/** Refusals that an honest trader may meet: the mark is not good enough, or has moved between quote and acceptance. */
const EXPECTED = ['market-uncertain', 'quote-stale'];
/** An honest command is answered within so many milliseconds, on a machine that others use as well. */
const LATEST_MS = 15_000;

/** Honest traders, who trade and withdraw while all others attack; each of their commands has to be answered in time. */
export class Honest {
  /** trades that they have agreed to, and withdrawals that they have asked for, by account and id */
  readonly asked = new Set<string>();
  private readonly times: number[] = [];
  private commands = 0;

  constructor(
    private readonly calls: Calls,
    private readonly pricer: ServiceProcess,
    private readonly key: string,
    private readonly found: Findings,
  ) {}

  /** One trades there and back in turn; every tenth time it withdraws 1. @returns the last answer */
  async act(): Promise<Answer> {
    const turn = this.commands++;
    const account = HONEST[turn % HONEST.length];
    const size = Math.floor(turn / HONEST.length) % 2 === 0 ? '3' : '-3';
    const legs = [{ market: MARKETS[turn % MARKETS.length], size }];
    const quote = this.judged(await this.post('quotes', { account, legs }));
    if (quote.status >= 400) return quote;
    const accepted = this.judged(await this.post(`quotes/${String(quote.body.id)}/accept`, {}));
    if (accepted.status < 400) this.asked.add(`${account} ${String(accepted.body.tradeId)}`);
    if (turn % 10 !== 9) return accepted;
    const commandId = `honest-${turn}`;
    this.asked.add(`${account} ${commandId}`);
    this.judged(await this.post(`accounts/${account}/withdrawals`, { commandId, amount: '1' }));
    return accepted;
  }

  /** The milliseconds within which half, and 99 of 100, of their commands were answered, and the longest. */
  latency(): {
    readonly commands: number;
    readonly p50: number;
    readonly p99: number;
    readonly longest: number;
  } {
    const sorted = [...this.times].sort((a, b) => a - b);
    const at = (share: number) => Math.round(percentile(sorted, share));
    return { commands: sorted.length, p50: at(0.5), p99: at(0.99), longest: at(1) };
  }

  private judged(answer: Answer): Answer {
    this.times.push(answer.milliseconds);
    const code = String(answer.body.code);
    count(this.found, `honest: ${answer.status}${answer.status < 400 ? '' : ` ${code}`}`);
    if (answer.milliseconds > LATEST_MS)
      this.found.problems.push(`an honest command was answered after ${Math.round(answer.milliseconds)} ms`);
    if (answer.status >= 400 && !EXPECTED.includes(code))
      this.found.problems.push(
        `an honest command was answered ${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`,
      );
    return answer;
  }

  private post(path: string, body: object): Promise<Answer> {
    return this.calls.post(this.pricer, this.key, path, body);
  }
}
