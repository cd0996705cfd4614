import type { BookPayload } from './book-payloads.js';

const at = Date.UTC(2026, 0, 1, 12);
const command = { at, digest: 'q83vEjRWeJCrze8SNFZ4kA' };
const operator = { by: 'olga', reason: 'as the issuer has announced' };
const refusal = { code: 'insufficient-margin', reason: 'alice would have an equity of 5 and needs 325' };

/** One event of each kind of the topic `book`. */
export const BOOK_EXAMPLES: readonly BookPayload[] = [
  {
    ...{ kind: 'trade-booked', ...command, tradeId: 'trade-1', account: 'alice' },
    legs: [{ market: 'BTC', size: '0.5', price: '65000.5' }],
    ...{
      riskPremium: '1.25',
      liquidityPremium: '0.31',
      quoteId: null,
      forecastId: '7@2026-01-01T12:00:00.000Z',
    },
  },
  { kind: 'trade-rejected', ...command, tradeId: 'trade-2', account: 'alice', ...refusal },
  { kind: 'dust-closed', at, account: 'bob~ETH', market: 'ETH', size: '0.0001', price: '3200' },
  { kind: 'funding-accrued', at, markets: [['BTC', '0.012', '0.003', '15000000000000000']] },
  { kind: 'vested', at, toCapital: '10.5', toLiquidity: '2.25' },
  {
    ...{ kind: 'liquidity-asked', ...command, commandId: 'l-1', provider: 'lp', ask: 'deposit' },
    ...{ amount: '500000', shares: '0' },
  },
  {
    ...{ kind: 'liquidity-deposited', at, commandId: 'l-1', provider: 'lp' },
    ...{ amount: '500000', shares: '499875.2' },
  },
  {
    ...{ kind: 'withdrawal-locked', at, commandId: 'l-2', provider: 'lp', shares: '999.5' },
    releaseAt: at + 86_400_000,
  },
  {
    ...{ kind: 'liquidity-withdrawn', at, commandId: 'l-2', provider: 'lp', shares: '999.5' },
    ...{ paid: '1000.1', fee: '0', mode: 'locked' },
  },
  {
    ...{ kind: 'liquidity-valued', at, provider: 'vault', valuedAt: at, units: '1000', value: '250000' },
    ...{ vault: '0x00000000000000000000000000000000000000aa', haircut: 0.12, backing: '220000' },
    ...{ settled: '0', amount: '-1250.5', deficit: '0', shares: '-1249.1' },
  },
  {
    ...{ kind: 'liquidity-rejected', ...command, commandId: 'l-3', provider: 'lp' },
    ...{ code: 'insufficient-balance', reason: 'lp can withdraw 1000, not 5000' },
  },
  { kind: 'account-deposited', ...command, commandId: 'd-1', account: 'alice', amount: '10000' },
  { kind: 'account-withdrawn', ...command, commandId: 'w-1', account: 'alice', amount: '2500' },
  {
    ...{ kind: 'collateral-moved', ...command, commandId: 'x-1', from: 'bob', to: 'bob~ETH' },
    amount: '20.5',
  },
  { kind: 'account-rejected', ...command, commandId: 'w-2', account: 'alice', ...refusal },
  { kind: 'bankruptcy-settled', at, account: 'carol', loss: '12.75', planId: 'lq-0-7' },
  { kind: 'credit-charged', at, account: 'alice', charged: '0.25', rate: '0.5' },
  {
    ...{ kind: 'match-booked', ...command, matchId: 'm-1', feeAccount: 'fees' },
    accounts: [
      {
        ...{ account: 'alice', fee: '0.5', riskPremium: '0', liquidityPremium: '0', releases: ['o-1'] },
        legs: [{ market: 'BTC', size: '0.1', price: '65000' }],
      },
      {
        ...{ account: 'bob', fee: '-0.2', riskPremium: '0', liquidityPremium: '0' },
        legs: [{ market: 'BTC', size: '-0.1', price: '65000' }],
      },
    ],
    forecastId: '7@2026-01-01T12:00:00.000Z',
  },
  { kind: 'match-rejected', ...command, matchId: 'm-2', ...refusal },
  {
    ...{ kind: 'margin-reserved', ...command, commandId: 'o-1', account: 'alice', amount: '325' },
    legs: [['BTC', '6500.05']],
  },
  {
    ...{ kind: 'margin-released', ...command, commandId: 'o-2', account: 'alice', reservationId: 'o-1' },
    amount: '325',
  },
  {
    ...{ kind: 'takeovers-accepted', ...command, commandId: 'a-1', account: 'carol' },
    ...{ notional: '250000', discount: 0.001 },
  },
  { kind: 'window-begun', at, marks: [['BTC', '65000.5']] },
  { kind: 'gains-cut', at, settlementId: 's-1', cuts: [['alice', '12.5']], held: [['alice', '100', '500']] },
  {
    ...{ kind: 'haircut-settled', at, settlementId: 's-1', need: '12.5', gains: '100', accounts: 1 },
    ...{ fromGains: '12.5', fromPrincipal: '0', root: '1f' },
    chunks: [
      {
        ...{
          accounts: 1,
          gains: '100',
          principal: '400',
          cuts: '12.5',
          last: '0a',
          leaves: '0b',
          root: '1f',
        },
      },
    ],
  },
  {
    ...{ kind: 'positions-reduced', at, settlementId: 's-1' },
    reductions: [{ account: 'alice', market: 'BTC', size: '-0.1', price: '65000.5' }],
    program: {
      markets: [{ market: 'BTC', price: '65000.5', reduce: '0.1' }],
      ...{ covariance: ['1073741824'], prices: ['576460752303423488'] },
    },
    held: [['alice', '13000.1', [['BTC', '0.1']]]],
    chunk: { accounts: 1, closed: ['697937554073190'], last: '0a', leaves: '0b', root: '1f' },
  },
  { kind: 'note-paid', ...command, commandId: 'n-1', account: 'alice', amount: '5' },
  {
    ...{ kind: 'parameters-set', ...command, commandId: 'p-1', version: 2, parametersDigest: 'q83vEjRW' },
    ...{ parameters: {}, ...operator },
  },
  { kind: 'parameters-rejected', ...command, commandId: 'p-2', ...refusal },
  {
    ...{ kind: 'market-rescaled', at, market: 'PEPE', factor: '1000', from: '0.0000085', to: '0.0085' },
    ...{ accounts: [['alice', '1234.567', '0.00000004', '0']], last: true, ...operator },
  },
  { kind: 'positions-settled', at, market: 'LUNA', price: '0.0001', accounts: [['alice', '-12.5']] },
  { kind: 'market-delisted', at, market: 'LUNA', price: '0.0001', funding: '-0.00000002', ...operator },
  {
    ...{ kind: 'trade-busted', at, tradeId: 'trade-1', account: 'alice', penalty: '0', debt: '0' },
    legs: [{ market: 'BTC', size: '-0.5', price: '65000.5' }],
    traded: { at: at - 3_600_000, riskPremium: '1.25', liquidityPremium: '0.31' },
    ...{ riskPremium: '1.25', liquidityPremium: '0.29', collateral: '0', ...operator },
  },
  {
    ...{ kind: 'command-id-reused', at, topic: 'trades', owner: 'alice', commandId: 'trade-1' },
    ...{ code: 'command-id-reused', reason: 'the id trade-1 was used for another command' },
  },
];
