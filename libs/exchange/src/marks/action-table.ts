/** How good a market's mark is. */
export type MarkQuality = 'ok' | 'wide' | 'uncertain' | 'stale';
/** The operator's restriction of a market. */
export type MarketMode = 'open' | 'reduce-only' | 'halted' | 'closed';
/** State that a market is shown in: the operator's restriction, else the quality of its mark. */
export type MarketState = MarkQuality | Exclude<MarketMode, 'open'>;

/** Actions that need a mark, by the quality they need. */
export const MARKET_ACTIONS = {
  increase: 'open or increase a position',
  reduce: 'reduce a position',
  liquidate: 'liquidate',
  withdraw: 'withdraw from an account that holds the market',
  liquidity: 'deposit or withdraw liquidity while the pool has a position in the market',
  funding: 'accrue funding at new rates',
  bar: 'close a bar with this mark',
} as const;
export type MarketAction = keyof typeof MARKET_ACTIONS;

export const MARKET_ACTION_NAMES = Object.keys(MARKET_ACTIONS) as readonly MarketAction[];

const QUALITIES: Readonly<Record<MarketAction, readonly MarkQuality[]>> = {
  increase: ['ok'],
  reduce: ['ok', 'wide'],
  liquidate: ['ok', 'wide'],
  withdraw: ['ok'],
  liquidity: ['ok'],
  funding: ['ok', 'wide'],
  bar: ['ok', 'wide'],
};

const MODES: Readonly<Record<MarketAction, readonly MarketMode[]>> = {
  increase: ['open'],
  reduce: ['open', 'reduce-only'],
  liquidate: ['open', 'reduce-only'],
  withdraw: ['open', 'reduce-only'],
  liquidity: ['open', 'reduce-only'],
  funding: ['open', 'reduce-only'],
  bar: ['open', 'reduce-only'],
};

/** Whether a mark of this quality, in a market of this mode, is good enough for an action. */
export function permits(action: MarketAction, quality: MarkQuality, mode: MarketMode): boolean {
  return QUALITIES[action].includes(quality) && MODES[action].includes(mode);
}

/** The state a market is shown in. */
export function stateOf(quality: MarkQuality, mode: MarketMode): MarketState {
  return mode === 'open' ? quality : mode;
}

/** The table as Markdown, for the documents: a row an action, a column a state. */
export function actionTable(): string {
  const states: readonly [MarketState, MarkQuality, MarketMode][] = [
    ['ok', 'ok', 'open'],
    ['wide', 'wide', 'open'],
    ['uncertain', 'uncertain', 'open'],
    ['stale', 'stale', 'open'],
    ['reduce-only', 'ok', 'reduce-only'],
    ['halted', 'ok', 'halted'],
    ['closed', 'ok', 'closed'],
  ];
  const rows = Object.entries(MARKET_ACTIONS).map(([action, says]) => [
    says,
    ...states.map(([, quality, mode]) => (permits(action as MarketAction, quality, mode) ? 'yes' : '–')),
  ]);
  const table = [['to', ...states.map(([state]) => state)], ['---', ...states.map(() => '---')], ...rows];
  return table.map((row) => `| ${row.join(' | ')} |`).join('\n');
}
