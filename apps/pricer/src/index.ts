export type { PricingEngine } from './engine/pricing-engine.js';
export * from './pricer.config.js';
export * from './pricer.module.js';
export { PricerRepository } from './pricer.repository.js';
export { PRICER_LANE, PricerService } from './pricer.service.js';
export { QuoteDesk } from './quote-desk.js';
export { installQuoteFastPath } from './rest/quote-fast-path.js';
export { pricer } from './service.js';
