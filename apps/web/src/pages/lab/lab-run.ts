/** A line of `zkrisk lab run --events`; of the fields those that are shown. */
interface LabEvent {
  readonly kind: string;
  readonly bar: number;
  readonly time: number;
  readonly account?: string;
  readonly market?: string;
  readonly notional?: number;
  readonly loss?: number;
  readonly amount?: number;
  readonly cut?: number;
  readonly exchange?: number;
  readonly liquidity?: number;
  readonly referenceMargin?: number;
  readonly gross?: number;
  readonly index?: number;
}

/** How an exchange stood at the end of a bar, since the run began. Quote currency. */
export interface LabBar {
  readonly bar: number;
  readonly time: number;
  readonly exchange: number;
  readonly liquidity: number;
  readonly liquidated: number;
  readonly badDebt: number;
  readonly deleveraged: number;
  readonly uncovered: number;
  /** notional of all positions */
  readonly gross: number;
  /** of the reference position, as a share of its notional */
  readonly margin: number;
  /** mean price of the markets against the run's first bar */
  readonly index: number;
  /** accounts liquidated so far */
  readonly accounts: number;
  /** events of the bar, but for trades, refusals and payments */
  readonly events: readonly string[];
}

/** Events of a bar that are told one by one. */
const TOLD = 40;

/** The bar in which most was lost to liquidations and debts: where one begins to look; 0 where nothing happened. */
export function worstBar(bars: readonly LabBar[]): number {
  let worst = 0;
  let most = 0;
  bars.forEach(({ liquidated, badDebt }, i) => {
    const before = i === 0 ? 0 : bars[i - 1].liquidated + bars[i - 1].badDebt;
    if (liquidated + badDebt - before > most) [most, worst] = [liquidated + badDebt - before, i];
  });
  return worst;
}

/**
 * A run of the lab, bar by bar.
 *
 * @param text JSON lines
 * @throws {Error} naming the first line that is none
 */
export function labRunOf(text: string): LabBar[] {
  const bars: LabBar[] = [];
  let [exchange, liquidity, liquidated, badDebt, deleveraged, uncovered] = [0, 0, 0, 0, 0, 0];
  const closed = new Set<string>();
  let told: string[] = [];
  text.split('\n').forEach((line, i) => {
    if (line.trim() === '') return;
    const event = eventOf(line, i + 1);
    const amount = event.notional ?? event.loss ?? event.amount ?? 0;
    if (event.kind === 'liquidated') {
      liquidated += amount;
      closed.add(event.account ?? '');
    } else if (event.kind === 'bankrupt') badDebt += amount;
    else if (event.kind === 'deleveraged') deleveraged += amount;
    else if (event.kind === 'uncovered') uncovered += amount;
    else if (event.kind === 'capital') {
      exchange += event.exchange ?? 0;
      liquidity += event.liquidity ?? 0;
      const { bar, time, gross = 0, referenceMargin: margin = 0, index = 1 } = event;
      const sums = { exchange, liquidity, liquidated, badDebt, deleveraged, uncovered, index };
      bars.push({ bar, time, ...sums, gross, margin, accounts: closed.size, events: told });
      told = [];
      return;
    } else if (event.kind !== 'haircut') return;
    if (told.length < TOLD)
      told.push(
        `${event.account ?? ''} ${event.kind} ${event.market ?? ''} ${Math.round(amount).toLocaleString('en')}`.trim(),
      );
  });
  if (bars.length === 0)
    throw new Error('there is no bar in it: zkrisk lab run --events FILE writes such a file');
  return bars;
}

function eventOf(line: string, number: number): LabEvent {
  let event: LabEvent | null;
  try {
    event = JSON.parse(line) as LabEvent | null;
  } catch {
    throw new Error(`line ${number} is not JSON`);
  }
  if (
    typeof event !== 'object' ||
    event === null ||
    typeof event.kind !== 'string' ||
    !Number.isFinite(event.bar)
  )
    throw new Error(`line ${number} is not an event of the lab`);
  return event;
}
