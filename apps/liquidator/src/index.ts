export { HouseLiquidator } from './house-liquidator.js';
export * from './liquidator.config.js';
export * from './liquidator.module.js';
export { LiquidatorRepository, type LiquidationTotals } from './liquidator.repository.js';
export { LIQUIDATOR_LANE, LiquidatorService } from './liquidator.service.js';
export { liquidator } from './service.js';
