import type { DataSource, EntityManager } from 'typeorm';
import type { VaultHoldings } from '#lib/chain';
import type { CovariancePayload, ValuationPayload } from '#lib/events';
import type { MarketBoardState } from '#lib/market-board';
import { ServiceStateRepository } from '#lib/storage';

/** What was read of the vault last, and when. */
export interface VaultReading {
  readonly vault: string;
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
    const reading = await this.states.load<KeptReading>(manager, 'reading');
    return {
      board: await this.states.load<MarketBoardState>(manager, 'board'),
      forecast: await this.states.load<CovariancePayload>(manager, 'forecast'),
      reading: reading && taken(reading),
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
    return this.states.save(manager, 'reading', kept(reading));
  }

  saveValuation(manager: EntityManager, valuation: PublishedValuation): Promise<void> {
    return this.states.save(manager, 'valuation', valuation);
  }
}

type KeptHoldings = Readonly<Record<'counted' | 'held' | 'supply' | 'settled', string>> & {
  readonly block: number;
  readonly tokens: readonly { readonly market: string; readonly balance: string; readonly weight: string }[];
};
interface KeptReading {
  readonly vault: string;
  readonly holdings: KeptHoldings;
  readonly readAt: number;
}

/** JSON has no integers of this size: they are kept as digits. */
function kept({ vault, holdings, readAt }: VaultReading): KeptReading {
  const { block, counted, held, supply, settled, tokens } = holdings;
  return {
    vault,
    readAt,
    holdings: {
      ...{
        block,
        counted: String(counted),
        held: String(held),
        supply: String(supply),
        settled: String(settled),
      },
      tokens: tokens.map(({ market, balance, weight }) => ({
        ...{ market, balance: String(balance), weight: String(weight) },
      })),
    },
  };
}

function taken({ vault, holdings, readAt }: KeptReading): VaultReading {
  const { block, counted, held, supply, settled, tokens } = holdings;
  return {
    vault,
    readAt,
    holdings: {
      ...{
        block,
        counted: BigInt(counted),
        held: BigInt(held),
        supply: BigInt(supply),
        settled: BigInt(settled),
      },
      tokens: tokens.map(({ market, balance, weight }) => ({
        ...{ market, balance: BigInt(balance), weight: BigInt(weight) },
      })),
    },
  };
}
