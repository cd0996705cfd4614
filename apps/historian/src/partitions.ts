export const HISTORY_TABLES = [
  'history_market',
  'history_funding',
  'history_premia',
  'history_charges',
  'history_flows',
  'history_risk',
  'history_shares',
  'history_liquidation',
  'history_account',
] as const;
export type HistoryTable = (typeof HISTORY_TABLES)[number];
