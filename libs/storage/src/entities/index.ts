import { BarEntity } from './bar.entity.js';
import { ChainTransactionEntity } from './chain-transaction.entity.js';
import { LedgerSnapshotEntity, LedgerSnapshotPartEntity } from './ledger-snapshot.entity.js';
import { LiquidationEventEntity } from './liquidation-event.entity.js';
import { LiquidationEntity } from './liquidation.entity.js';
import { MarginAccountEntity } from './margin-account.entity.js';
import { MarketModelEntity } from './market-model.entity.js';
import { ProofJobEntity } from './proof-job.entity.js';
import { RiskRecordEntity } from './risk-record.entity.js';
import { ServiceStateEntity } from './service-state.entity.js';
import { SettlementEpochEntity } from './settlement-epoch.entity.js';

export {
  BarEntity,
  ChainTransactionEntity,
  LedgerSnapshotEntity,
  LedgerSnapshotPartEntity,
  LiquidationEntity,
  LiquidationEventEntity,
  MarginAccountEntity,
  MarketModelEntity,
  ProofJobEntity,
  RiskRecordEntity,
  ServiceStateEntity,
  SettlementEpochEntity,
};

export const ENTITIES = [
  BarEntity,
  ChainTransactionEntity,
  LedgerSnapshotEntity,
  LedgerSnapshotPartEntity,
  LiquidationEntity,
  LiquidationEventEntity,
  MarginAccountEntity,
  MarketModelEntity,
  ProofJobEntity,
  RiskRecordEntity,
  ServiceStateEntity,
  SettlementEpochEntity,
];
