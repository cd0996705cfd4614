export { historianConfig, historianEnvironment } from './historian.config.js';
export { HISTORIAN_LANE } from './historian.service.js';
export { historian } from './service.js';
