export * from './forecaster.config.js';
export * from './forecaster.module.js';
export { FORECASTER_LANE, ForecasterService } from './forecaster.service.js';
export { ModelFitter } from './model-fitter.js';
export type { ForecastQuality } from '#lib/forecasting';
export { forecaster } from './service.js';
