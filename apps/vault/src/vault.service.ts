import { Logger } from '@nestjs/common';
import { messageOf, ZkriskError } from '#lib/errors';
import { ConsumeContext, type Lane, type LaneOwner } from '#lib/events';
import {
  type CovariancePayload,
  type Message,
  outgoing,
  type ParametersPayload,
  type PricePayload,
  TOPICS,
} from '#lib/messages';
import { formatDecimal, fromNumber, PRICE_DECIMALS, UNIT_DECIMALS } from '#lib/amounts';
import {
  MarketBoard,
  markParametersOf,
  newRules,
  type RiskRules,
  rulesInForce,
  takeTicks,
  valuationSeal,
} from '#lib/exchange';
import { valuate } from './valuation.js';
import type { VaultChain } from './vault-chain.js';
import type { VaultConfig } from './vault.config.js';
import type { PublishedValuation, VaultReading, VaultRepository } from './vault.repository.js';

/** The only valuer of the vault. */
export const VAULT_LANE: Lane = { name: 'vault', spread: 'single' };

/**
 * Tells the pricer, bar by bar, the value of the vault's pool shares and the part that may be counted on: the pricer makes
 * it the vault's part of L.
 */
export class VaultService implements LaneOwner {
  private readonly logger = new Logger(VaultService.name);
  private board: MarketBoard;
  private rules: RiskRules;
  private lastReading: VaultReading | undefined;
  private lastValuation: PublishedValuation | undefined;
  /** when this process began to have the work, wall clock; undefined while another has it */
  private workingSince: number | undefined;
  /** the last error, of the chain and of the valuation */
  private readonly problems = new Map<'chain' | 'valuation', string>();

  constructor(
    private readonly config: VaultConfig,
    private readonly repository: VaultRepository,
    readonly chain: VaultChain,
  ) {
    this.rules = config.FIRST_PARAMETERS;
    this.board = this.emptyBoard();
  }

  /** The last reading of the chain. */
  get reading(): VaultReading | undefined {
    return this.lastReading;
  }

  /** The last valuation sent to the pricer. */
  get valuation(): PublishedValuation | undefined {
    return this.lastValuation;
  }

  /** How long ago the chain was read, or was to be read first, ms; undefined where that is another process's work. */
  get readingAge(): number | undefined {
    if (this.workingSince === undefined) return undefined;
    return Date.now() - Math.max(this.workingSince, this.lastReading?.readAt ?? 0);
  }

  /** The work is ours: the state of the tables is taken up. */
  async restore(): Promise<void> {
    await this.load();
    this.workingSince ??= Date.now();
  }

  /** Another process has the work. */
  release(): void {
    this.workingSince = undefined;
  }

  /** The state of the tables. */
  async load(): Promise<void> {
    const { parameters, board, forecast, reading, valuation } = await this.repository.load();
    this.rules = rulesInForce(parameters, this.config.FIRST_PARAMETERS);
    this.board = this.emptyBoard();
    if (board !== undefined) this.board.takeOver(board);
    if (forecast !== undefined) this.board.setForecast(forecast);
    this.lastReading = reading;
    this.lastValuation = valuation;
  }

  /** Later versions of the parameters: marks are kept by them from here on. */
  async onParameters(
    messages: readonly Message<ParametersPayload>[],
    context: ConsumeContext,
  ): Promise<void> {
    const changed = newRules(messages, this.rules, (index, reason) => context.reject(index, reason));
    if (changed === undefined) return;
    this.rules = changed.rules;
    this.board.setMarkParameters(this.markParameters());
    await this.repository.saveParameters(context.manager, changed.message);
  }

  async onPrices(messages: readonly Message<PricePayload>[], context: ConsumeContext): Promise<void> {
    takeTicks(messages, context, this.board);
    await this.repository.saveBoard(context.manager, this.board.snapshot());
  }

  /** Of several forecasts that have come at once, the last is valued with: the others are of times that are over. */
  async onForecasts(messages: readonly Message<CovariancePayload>[], context: ConsumeContext): Promise<void> {
    let taken: CovariancePayload | undefined;
    for (const [index, { payload }] of messages.entries()) {
      try {
        this.board.setForecast(payload);
        taken = payload;
      } catch (error) {
        if (!(error instanceof ZkriskError)) throw error;
        context.reject(index, error.message);
      }
    }
    if (taken === undefined) return;
    await this.repository.saveForecast(context.manager, taken);
    const reading = await this.readChain(context);
    if (reading === undefined) return;
    let valuation: PublishedValuation;
    try {
      valuation = this.valued(reading, taken);
    } catch (error) {
      if (!(error instanceof ZkriskError)) throw error;
      this.complain('valuation', error.message);
      return;
    }
    this.problems.delete('valuation');
    await this.publish(valuation, context);
  }

  /** Whether a market's last price is older than it may be. */
  isStale(market: string): boolean {
    return !this.board.permits(market, 'liquidity');
  }

  /** The mark of a token's market; undefined where none has come. */
  priceOf(market: string): number | undefined {
    return market === this.config.VAULT_QUOTE_MARKET ? 1 : this.board.mark(market)?.value;
  }

  /** The vault as it is; where the chain cannot be reached, as it was: its prices are known all the same. */
  private async readChain(context: ConsumeContext): Promise<VaultReading | undefined> {
    const read = await this.chain.read().catch((error: unknown) => {
      this.complain('chain', messageOf(error).split('\n')[0]);
      return undefined;
    });
    if (read === undefined) {
      const known = this.chain.vault();
      return this.lastReading?.vault === known ? this.lastReading : undefined;
    }
    this.problems.delete('chain');
    const reading = { ...read, readAt: Date.now() };
    await this.repository.saveReading(context.manager, reading);
    return (this.lastReading = reading);
  }

  private valued({ vault, holdings }: VaultReading, forecast: CovariancePayload): PublishedValuation {
    const { VAULT_LEAST_HAIRCUT: least, VAULT_PROVIDER: provider } = this.config;
    const { alpha } = this.rules.parameters.model;
    const price = (name: string) => this.priceOf(name);
    const market = { forecast, quoteMarket: this.config.VAULT_QUOTE_MARKET, price };
    const { unitValue, volatility, haircut } = valuate(holdings, market, { alpha, least });
    const payload = {
      provider,
      units: formatDecimal(holdings.counted, UNIT_DECIMALS),
      settled: formatDecimal(holdings.settled, UNIT_DECIMALS),
      unitValue: formatDecimal(fromNumber(unitValue, PRICE_DECIMALS, 'down', 'unitValue'), PRICE_DECIMALS),
      ...{ haircut, vault, block: holdings.block },
    };
    return { payload, at: this.board.now, volatility };
  }

  private async publish(valuation: PublishedValuation, context: ConsumeContext): Promise<void> {
    const { payload, at } = valuation;
    const header = { id: `${payload.provider}@${at}`, sequence: at, time: at };
    const seal = valuationSeal(this.config.VALUATION_SECRET!, payload, at);
    context.publish(outgoing(TOPICS.valuations, payload.provider, header, { ...payload, seal }));
    await this.repository.saveValuation(context.manager, valuation);
    this.lastValuation = valuation;
  }

  /** One line until it is right again, or something else is wrong. */
  private complain(where: 'chain' | 'valuation', problem: string): void {
    if (this.problems.get(where) !== problem) this.logger.warn(problem);
    this.problems.set(where, problem);
  }

  private emptyBoard(): MarketBoard {
    return new MarketBoard(this.markParameters());
  }

  private markParameters() {
    return markParametersOf(this.rules.parameters, this.config.MARKET_ORDER_SECRET);
  }
}
