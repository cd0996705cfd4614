import { signal } from '@preact/signals';

/** The reader's clock, once a second. */
export const wallNow = signal(Date.now());
setInterval(() => {
  wallNow.value = Date.now();
}, 1000);

/** The market's clock as it was last told, milliseconds; undefined before the first answer. */
export const marketNow = signal<number | undefined>(undefined);

/** Answers come in any order; one that is older by more is of another engine, whose clock it is then. */
const OUT_OF_ORDER_MS = 24 * 3_600_000;

/** Takes a market time from an answer: the latest that was told. */
export function tellMarketTime(text: string): void {
  const time = Date.parse(text);
  const known = marketNow.peek();
  if (Number.isFinite(time) && (known === undefined || time > known || time < known - OUT_OF_ORDER_MS))
    marketNow.value = time;
}
