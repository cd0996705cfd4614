import type { DataSource, EntityManager } from 'typeorm';
import type { VaultHoldings } from '#lib/chain';
import type { CovariancePayload, ParametersPayload, ValuationPayload } from '#lib/messages';
import type { MarketBoardState } from '#lib/exchange';
import { ServiceStateRepository } from '#lib/storage';

/** The last reading of the vault, and its time. */
export interface VaultReading {
  readonly vault: string;
  readonly holdings: VaultHoldings;
  /** wall clock, milliseconds */
  readonly readAt: number;
}

/** The last valuation sent to the exchange. */
export interface PublishedValuation {
  readonly payload: Omit<ValuationPayload, 'seal'>;
  /** market time, milliseconds */
  readonly at: number;
  readonly volatility: number;
}

/** State of the vault service. */
export class VaultRepository {
  private readonly states = new ServiceStateRepository('vault');

  constructor(private readonly database: DataSource) {}

  async load(): Promise<{
    parameters: ParametersPayload | undefined;
    board: MarketBoardState | undefined;
    forecast: CovariancePayload | undefined;
    reading: VaultReading | undefined;
    valuation: PublishedValuation | undefined;
  }> {
    const { manager } = this.database;
    const reading = await this.states.load<KeptReading>(manager, 'reading');
    return {
      parameters: await this.states.load<ParametersPayload>(manager, 'parameters'),
      board: await this.states.load<MarketBoardState>(manager, 'board'),
      forecast: await this.states.load<CovariancePayload>(manager, 'forecast'),
      reading: reading && { ...reading, holdings: withAmounts(reading.holdings, BigInt) },
      valuation: await this.states.load<PublishedValuation>(manager, 'valuation'),
    };
  }

  saveParameters(manager: EntityManager, parameters: ParametersPayload): Promise<void> {
    return this.states.save(manager, 'parameters', parameters);
  }

  saveBoard(manager: EntityManager, board: MarketBoardState): Promise<void> {
    return this.states.save(manager, 'board', board);
  }

  saveForecast(manager: EntityManager, forecast: CovariancePayload): Promise<void> {
    return this.states.save(manager, 'forecast', forecast);
  }

  saveReading(manager: EntityManager, reading: VaultReading): Promise<void> {
    const kept: KeptReading = { ...reading, holdings: withAmounts(reading.holdings, String) };
    return this.states.save(manager, 'reading', kept);
  }

  saveValuation(manager: EntityManager, valuation: PublishedValuation): Promise<void> {
    return this.states.save(manager, 'valuation', valuation);
  }
}

/** JSON has no integers of this size: they are kept as digits. */
interface KeptReading extends Omit<VaultReading, 'holdings'> {
  readonly holdings: VaultHoldings<string>;
}

/** The same holdings with their amounts as something else. */
function withAmounts<From, To>(
  { block, counted, held, supply, settled, tokens }: VaultHoldings<From>,
  as: (amount: From) => To,
): VaultHoldings<To> {
  return {
    ...{ block, counted: as(counted), held: as(held), supply: as(supply), settled: as(settled) },
    tokens: tokens.map(({ market, balance, weight }) => ({
      ...{ market, balance: as(balance), weight: as(weight) },
    })),
  };
}
