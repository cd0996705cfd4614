export { venues } from './service.js';
export { type VenuesConfig, venuesConfig, venuesEnvironment } from './venues.config.js';
export { venuesMetrics } from './venues.metrics.js';
export { VenuesService } from './venues.service.js';
