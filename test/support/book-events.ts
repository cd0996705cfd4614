import { type BookEvent, firstRules } from '#lib/exchange';

type Samples = { readonly [Kind in BookEvent['kind']]: BookEvent & { readonly kind: Kind } };

const by = { by: 'olga', reason: 'a test' };
const refused = { code: 'some-code', reason: 'a test' };
const leg = { market: 'A', size: '2', price: '100' };
const other = { market: 'B', size: '-1', price: '50' };
const premia = { riskPremium: '0', liquidityPremium: '0' };

/** One event of each kind, at time 1: of account `x`, its isolated position `x~A`, and provider `lp`. */
export const BOOK_EVENTS: Samples = {
  'trade-booked': {
    ...{ kind: 'trade-booked', at: 1, tradeId: 't', account: 'x~A', legs: [leg], ...premia },
    ...{ forecastId: 'f', quoteId: null },
  },
  'trade-rejected': { kind: 'trade-rejected', at: 1, tradeId: 't', account: 'x~A', ...refused },
  'dust-closed': { kind: 'dust-closed', at: 1, account: 'x', ...leg },
  'bankruptcy-settled': { kind: 'bankruptcy-settled', at: 1, account: 'x', loss: '1' },
  'funding-accrued': { kind: 'funding-accrued', at: 1, markets: [['A', '1', '1', '1']] },
  vested: { kind: 'vested', at: 1, toCapital: '0', toLiquidity: '0' },
  'liquidity-asked': {
    ...{ kind: 'liquidity-asked', at: 1, commandId: 'c', provider: 'lp', ask: 'deposit' },
    ...{ amount: '5', shares: '0' },
  },
  'liquidity-deposited': {
    ...{ kind: 'liquidity-deposited', at: 1, commandId: 'c', provider: 'lp', amount: '5', shares: '5' },
  },
  'withdrawal-locked': {
    ...{ kind: 'withdrawal-locked', at: 1, commandId: 'c', provider: 'lp', shares: '5', releaseAt: 9 },
  },
  'liquidity-withdrawn': {
    ...{ kind: 'liquidity-withdrawn', at: 1, commandId: 'c', provider: 'lp', shares: '5', paid: '4' },
    ...{ fee: '1', mode: 'forced' },
  },
  'liquidity-valued': {
    ...{ kind: 'liquidity-valued', at: 1, provider: 'lp', valuedAt: 1, vault: '0x1', units: '1', value: '1' },
    ...{ haircut: 0, backing: '1', settled: '0', amount: '1', deficit: '0', shares: '1' },
  },
  'liquidity-rejected': { kind: 'liquidity-rejected', at: 1, commandId: 'c', provider: 'lp', ...refused },
  'account-deposited': { kind: 'account-deposited', at: 1, commandId: 'c', account: 'x', amount: '5' },
  'account-withdrawn': { kind: 'account-withdrawn', at: 1, commandId: 'c', account: 'x', amount: '5' },
  'collateral-moved': {
    ...{ kind: 'collateral-moved', at: 1, commandId: 'c', from: 'x~A', to: 'x', amount: '5' },
  },
  'account-rejected': { kind: 'account-rejected', at: 1, commandId: 'c', account: 'x', ...refused },
  'window-begun': { kind: 'window-begun', at: 1, marks: [['A', '100']] },
  'gains-cut': {
    ...{ kind: 'gains-cut', at: 1, settlementId: 's', cuts: [['x', '1']] },
    held: [
      ['x', '1', '2'],
      ['y', '0', '2'],
    ],
  },
  'haircut-settled': {
    ...{ kind: 'haircut-settled', at: 1, settlementId: 's', need: '1', gains: '1', fromGains: '1' },
    ...{ fromPrincipal: '0', accounts: 1, root: '', chunks: [] },
  },
  'positions-reduced': {
    ...{ kind: 'positions-reduced', at: 1, settlementId: 's' },
    reductions: [
      { account: 'x', ...leg },
      { account: 'x', ...other },
      { account: 'y', ...leg },
    ],
  },
  'note-paid': { kind: 'note-paid', at: 1, commandId: 'c', account: 'x', amount: '1' },
  'match-booked': {
    ...{ kind: 'match-booked', at: 1, matchId: 'm' },
    accounts: [
      { account: 'x~A', legs: [leg], fee: '0', ...premia },
      { account: 'y', legs: [leg, other], fee: '0', ...premia },
    ],
    ...{ feeAccount: 'fees', forecastId: 'f' },
  },
  'match-rejected': { kind: 'match-rejected', at: 1, matchId: 'm', ...refused },
  'margin-reserved': { kind: 'margin-reserved', at: 1, commandId: 'c', account: 'x', amount: '5' },
  'margin-released': {
    ...{ kind: 'margin-released', at: 1, commandId: 'c', account: 'x', reservationId: 'r', amount: '5' },
  },
  'takeovers-accepted': {
    ...{ kind: 'takeovers-accepted', at: 1, commandId: 'c', account: 'x', notional: '5', discount: 0.01 },
  },
  'credit-charged': { kind: 'credit-charged', at: 1, account: 'x', charged: '1', rate: '1' },
  'parameters-set': {
    ...{ kind: 'parameters-set', at: 1, commandId: 'c', version: 2, parametersDigest: 'd' },
    ...{ parameters: firstRules().parameters, ...by },
  },
  'parameters-rejected': { kind: 'parameters-rejected', at: 1, commandId: 'c', ...refused },
  'command-id-reused': {
    ...{ kind: 'command-id-reused', at: 1, topic: 'trades', owner: 'x', commandId: 'c', ...refused },
  },
  'market-rescaled': {
    ...{ kind: 'market-rescaled', at: 1, market: 'A', factor: '10', from: '100', to: '1000' },
    ...{ accounts: [['x', '0.2', '0', '0']], last: true, ...by },
  },
  'positions-settled': {
    ...{ kind: 'positions-settled', at: 1, market: 'A', price: '100', accounts: [['x', '-2']] },
  },
  'market-delisted': { kind: 'market-delisted', at: 1, market: 'A', price: '100', funding: '0', ...by },
  'trade-busted': {
    ...{ kind: 'trade-busted', at: 1, tradeId: 't', account: 'x~A', legs: [leg, other], ...premia },
    ...{ traded: { at: 1, ...premia }, penalty: '0', debt: '0', collateral: '0', ...by },
  },
};
