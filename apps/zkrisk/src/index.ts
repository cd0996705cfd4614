export { type Engine, startEngine } from './engine.js';
export { DemoVault } from './replay/demo-vault.js';
export { csvMarket } from './replay/csv-market.js';
export { type MarketSource, shortened } from './replay/market-source.js';
export { Replayer } from './replay/replayer.js';
export { TradeFlow } from './replay/trade-flow.js';
export { simulatedMarket } from './replay/simulated-market.js';
export { valuationsOf, vaultPicture, vaultReport } from './report/vault.js';
