import { type AccountPayload, type LiquidityPayload, TOPICS, type TradePayload } from '#lib/messages';
import type { RandomStream } from '#lib/runtime';
import type { Publication } from './bus.js';

export const MARKETS = ['A', 'B', 'C'] as const;
export const BAR_MS = 3_600_000;
const START = Date.UTC(2026, 0, 1);
const TICKS_A_BAR = 4;
const ACCOUNTS = 12;

/** The outside: prices that jump now and then, traders and providers whose commands may be senseless, sent twice, or both. */
export class World {
  private readonly prices = [40_000, 2_500, 90];
  private time = START;
  private tick = 0;
  private commands = 0;
  private readonly sent: Publication[] = [];

  /** @param liquidity that providers bring at first, money */
  constructor(
    private readonly random: RandomStream,
    private readonly liquidity: number,
  ) {}

  /** Prices of every market; at the end of a bar its watermark, too. */
  ticks(): Publication[] {
    const { random } = this;
    this.time += BAR_MS / TICKS_A_BAR;
    const crash = random.uniform() < 0.01 ? -0.08 * random.uniform() : 0;
    const common = 0.004 * random.normal() + crash;
    const published = MARKETS.flatMap((market, i) => {
      this.prices[i] *= Math.exp(common + 0.003 * random.normal() * Math.exp(0.6 * random.normal()));
      // A market may be silent; a late tick changes nothing.
      if (random.uniform() < 0.03) return [];
      const late = random.uniform() < 0.03 ? BAR_MS : 0;
      const price = this.prices[i].toFixed(6);
      return [this.price({ kind: 'tick', market, price }, this.time - late)];
    });
    if (++this.tick % TICKS_A_BAR === 0)
      published.push(this.price({ kind: 'watermark', until: this.time }, this.time));
    return published;
  }

  /** A command of a trader or a provider; one in ten is an earlier one again. */
  command(): Publication {
    const { random } = this;
    if (this.sent.length > 0 && random.uniform() < 0.1) {
      const again = this.sent[Math.floor(random.uniform() * this.sent.length)];
      return { ...again, time: this.time };
    }
    const kind = random.uniform();
    const made = kind < 0.7 ? this.trade() : kind < 0.93 ? this.ofAccount() : this.ofProvider();
    this.sent.push(made);
    return made;
  }

  /** Opening deposits, before anything else. */
  opening(): Publication[] {
    const deposit = (account: string, i: number): AccountPayload => ({
      ...{ kind: 'deposit', commandId: `opening-${i}`, account, amount: '20000' },
    });
    return [
      this.send(TOPICS.liquidity.name, {
        ...{ kind: 'deposit', commandId: 'opening', provider: 'lp-1', amount: String(this.liquidity) },
      } satisfies LiquidityPayload),
      ...Array.from({ length: ACCOUNTS }, (_, i) =>
        this.send(TOPICS.accounts.name, deposit(`trader-${i}`, i)),
      ),
    ];
  }

  private trade(): Publication {
    const { random } = this;
    const legs = Array.from({ length: random.uniform() < 0.8 ? 1 : 2 }, () => {
      const market = Math.floor(random.uniform() * MARKETS.length);
      const notional = 60_000 * Math.exp(random.normal());
      const size = ((random.uniform() < 0.5 ? -1 : 1) * notional) / this.prices[market];
      return { market: random.uniform() < 0.01 ? 'NONE' : MARKETS[market], size: size.toFixed(8) };
    });
    const trade: TradePayload = {
      ...{ tradeId: this.id('t'), account: this.trader(), legs },
      ...(random.uniform() < 0.15 ? { margin: 'isolated' as const } : {}),
      ...(random.uniform() < 0.3 ? { reduceOnly: true } : {}),
    };
    return this.send(TOPICS.trades.name, trade);
  }

  private ofAccount(): Publication {
    const { random } = this;
    const commandId = this.id('a');
    const account = this.trader();
    const amount = (8_000 * Math.exp(random.normal())).toFixed(2);
    const kind = random.uniform();
    const command: AccountPayload =
      kind >= 0.95
        ? { kind: 'claim', commandId, account }
        : kind < 0.4
          ? { kind: 'deposit', commandId, account, amount }
          : kind < 0.7
            ? { kind: 'withdrawal', commandId, account, amount: kind < 0.5 ? 'available' : amount }
            : {
                kind: 'transfer',
                commandId,
                account,
                market: 'A',
                amount: kind < 0.85 ? amount : `-${amount}`,
              };
    return this.send(TOPICS.accounts.name, command);
  }

  private ofProvider(): Publication {
    const { random } = this;
    const provider = `lp-${1 + Math.floor(2 * random.uniform())}`;
    const amount = (0.02 * this.liquidity * Math.exp(random.normal())).toFixed(2);
    const commandId = this.id('l');
    const command: LiquidityPayload =
      random.uniform() < 0.6
        ? { kind: 'deposit', commandId, provider, amount }
        : {
            ...{ kind: 'withdrawal', commandId, provider, amount },
            mode: random.uniform() < 0.5 ? 'locked' : 'forced',
          };
    return this.send(TOPICS.liquidity.name, command);
  }

  private trader(): string {
    return `trader-${Math.floor(this.random.uniform() * ACCOUNTS)}`;
  }
  private id(prefix: string): string {
    return `${prefix}-${++this.commands}`;
  }
  private send(topic: string, payload: object): Publication {
    return { topic, time: this.time, body: JSON.stringify(payload) };
  }
  private price(payload: object, time: number): Publication {
    return { topic: TOPICS.prices.name, time, body: JSON.stringify(payload) };
  }
}
