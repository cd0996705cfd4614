import { BarEntity } from './bar.entity.js';
import { BookEventEntity } from './book-event.entity.js';
import { CommandOutcomeEntity } from './command-outcome.entity.js';
import { LedgerSnapshotEntity } from './ledger-snapshot.entity.js';
import { LiquidationEventEntity } from './liquidation-event.entity.js';
import { LiquidationEntity } from './liquidation.entity.js';
import { MarginAccountEntity } from './margin-account.entity.js';
import { MarketModelEntity } from './market-model.entity.js';
import { RiskRecordEntity } from './risk-record.entity.js';
import { ServiceStateEntity } from './service-state.entity.js';

export {
  BarEntity,
  BookEventEntity,
  CommandOutcomeEntity,
  LedgerSnapshotEntity,
  LiquidationEntity,
  LiquidationEventEntity,
  MarginAccountEntity,
  MarketModelEntity,
  RiskRecordEntity,
  ServiceStateEntity,
};

export const ENTITIES = [
  BarEntity,
  BookEventEntity,
  CommandOutcomeEntity,
  LedgerSnapshotEntity,
  LiquidationEntity,
  LiquidationEventEntity,
  MarginAccountEntity,
  MarketModelEntity,
  RiskRecordEntity,
  ServiceStateEntity,
];
