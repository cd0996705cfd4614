import type { CovariancePayload } from '#lib/messages';
import { MarketSignals } from '../market/market-signals.js';
import type { PricePanel } from '../market/price-panel.js';
import type { TraderFlow } from '../traders/flow.js';
import type { Listener, Venue } from '../venues/venue.js';
import type { LabEvent } from './lab-event.js';
import { type Figures, MetricFold } from './metrics.js';

/** A run's outcome: figures, and a digest of every event that they are folded from. */
export interface RunOutcome {
  readonly bars: number;
  readonly events: number;
  readonly figures: Figures;
  /** wealth of all traders at the end, at marks */
  readonly claims: number;
  /** of all events in order, hexadecimal; the same inputs give the same */
  readonly digest: string;
}

export interface RunInput {
  readonly panel: PricePanel;
  /** by row */
  readonly forecasts: readonly (CovariancePayload | undefined)[];
  readonly flow: TraderFlow;
  readonly venue: (tell: Listener) => Venue;
  /** sees every event with its number, from 1 */
  readonly observe?: (event: LabEvent, number: number) => void;
  /** told of each bar that is played, with a way to see the figures so far */
  readonly progress?: (bar: number, figures: () => Figures) => void;
}

/** Plays prices and traders on a venue, bar by bar. */
export function labRun({ panel, forecasts, flow, venue: open, observe, progress }: RunInput): RunOutcome {
  const n = panel.markets.length;
  const signals = new MarketSignals(n);
  const fold = new MetricFold();
  const digest = new EventDigest();
  let events = 0;
  let bar = 0;
  const venue = open((happened) => {
    const at = { bar, time: panel.times[bar] };
    const event = (
      happened.kind === 'capital' ? { ...happened, ...at, index: signals.index } : { ...happened, ...at }
    ) as LabEvent;
    events++;
    fold.add(event);
    digest.add(event);
    observe?.(event, events);
  });
  for (; bar < panel.times.length; bar++) {
    const values = panel.values.subarray(bar * n, (bar + 1) * n);
    signals.take(values);
    const time = panel.times[bar];
    venue.open({ bar, time, text: panel.text[bar], values, forecast: forecasts[bar] });
    flow.act(bar, venue, signals);
    venue.close();
    progress?.(bar + 1, () => fold.figures());
  }
  return {
    ...{ bars: panel.times.length, events, figures: fold.figures() },
    ...{ claims: venue.claims(), digest: digest.value },
  };
}

/** Two 32-bit hashes of a stream of events: enough to see that two runs were the same, not to prove it to an enemy. */
class EventDigest {
  private a = 0x811c9dc5;
  private b = 0x9e3779b9;
  private readonly number = new Float64Array(1);
  private readonly words = new Uint32Array(this.number.buffer);

  add(event: LabEvent): void {
    // The fields in their order, as Object.values has them, without an array of them.
    for (const field in event) {
      const value = event[field as keyof LabEvent];
      if (typeof value === 'number') {
        this.number[0] = value;
        this.mix(this.words[0]);
        this.mix(this.words[1]);
      } else for (let i = 0; i < value.length; i++) this.mix(value.charCodeAt(i));
    }
  }

  get value(): string {
    return [this.a, this.b].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }

  private mix(word: number): void {
    this.a = Math.imul(this.a ^ word, 0x01000193);
    this.b = Math.imul((this.b ^ (this.a >>> 15) ^ word) >>> 0, 0x85ebca6b);
  }
}
