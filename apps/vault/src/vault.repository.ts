import type { DataSource, EntityManager } from 'typeorm';
import type { VaultHoldings } from '#lib/chain';
import type { CovariancePayload, ValuationPayload } from '#lib/events';
import type { MarketBoardState } from '#lib/market-board';
import { ServiceStateRepository } from '#lib/storage';

/** What was read of the vault last, and when. */
export interface VaultReading {
  readonly holdings: VaultHoldings;
  /** wall clock, milliseconds */
  readonly readAt: number;
}

/** What the exchange was told last. */
export interface PublishedValuation {
  readonly payload: ValuationPayload;
  /** market time, milliseconds */
  readonly at: number;
  readonly volatility: number;
}

/** State of the vault service. */
export class VaultRepository {
  private readonly states = new ServiceStateRepository('vault');

  constructor(private readonly database: DataSource) {}

  async load(): Promise<{
    board: MarketBoardState | undefined;
    forecast: CovariancePayload | undefined;
    reading: VaultReading | undefined;
    valuation: PublishedValuation | undefined;
  }> {
    const { manager } = this.database;
    return {
      board: await this.states.load<MarketBoardState>(manager, 'board'),
      forecast: await this.states.load<CovariancePayload>(manager, 'forecast'),
      reading: withAmounts(await this.states.load<VaultReading>(manager, 'reading')),
      valuation: await this.states.load<PublishedValuation>(manager, 'valuation'),
    };
  }

  saveBoard(manager: EntityManager, board: MarketBoardState): Promise<void> {
    return this.states.save(manager, 'board', board);
  }

  saveForecast(manager: EntityManager, forecast: CovariancePayload): Promise<void> {
    return this.states.save(manager, 'forecast', forecast);
  }

  saveReading(manager: EntityManager, reading: VaultReading): Promise<void> {
    return this.states.save(manager, 'reading', asText(reading));
  }

  saveValuation(manager: EntityManager, valuation: PublishedValuation): Promise<void> {
    return this.states.save(manager, 'valuation', valuation);
  }
}

/** JSON has no integers of this size: they are kept as digits with an n. */
function asText(reading: VaultReading): unknown {
  const text = JSON.stringify(reading, (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
  return JSON.parse(text) as unknown;
}

function withAmounts(kept: VaultReading | undefined): VaultReading | undefined {
  if (kept === undefined) return undefined;
  return JSON.parse(JSON.stringify(kept), (_key, value: unknown) =>
    typeof value === 'string' && /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  ) as VaultReading;
}
