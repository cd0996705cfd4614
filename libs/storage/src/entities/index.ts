import { BarEntity } from './bar.entity.js';
import { BookEventEntity } from './book-event.entity.js';
import { CommandOutcomeEntity } from './command-outcome.entity.js';
import { LedgerSnapshotEntity } from './ledger-snapshot.entity.js';
import { MarketModelEntity } from './market-model.entity.js';
import { RiskRecordEntity } from './risk-record.entity.js';
import { ServiceStateEntity } from './service-state.entity.js';

export {
  BarEntity,
  BookEventEntity,
  CommandOutcomeEntity,
  LedgerSnapshotEntity,
  MarketModelEntity,
  RiskRecordEntity,
  ServiceStateEntity,
};

export const ENTITIES = [
  BarEntity,
  BookEventEntity,
  CommandOutcomeEntity,
  LedgerSnapshotEntity,
  MarketModelEntity,
  RiskRecordEntity,
  ServiceStateEntity,
];
