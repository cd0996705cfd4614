import { type Signal, useSignal, useSignalEffect } from '@preact/signals';
import { type LabBar, labRunOf, worstBar } from './lab/lab-run.js';
import { timeText } from '../format/times.js';
import { significantText } from '../format/numbers.js';
import { Chart, type Line } from '../parts/chart.js';
import { Percent, Real, State } from '../parts/figures.js';
import { Fact, Facts, Panel } from '../parts/panel.js';

interface Run {
  readonly name: string;
  readonly bars: readonly LabBar[];
}

/** How long a bar is shown while a run plays, milliseconds. */
const SHOWN_MS = 120;

/** Two runs of the lab side by side: the same market under two rule sets, bar by bar. */
export function Lab() {
  const left = useSignal<Run | undefined>(undefined);
  const right = useSignal<Run | undefined>(undefined);
  const at = useSignal(0);
  const playing = useSignal(false);
  const runs = [left.value, right.value].flatMap((run) => run ?? []);
  const length = Math.max(0, ...runs.map(({ bars }) => bars.length));
  const position = Math.min(at.value, Math.max(0, length - 1));
  useSignalEffect(() => {
    if (!playing.value) return;
    const last = Math.max(0, ...[left.value, right.value].map((run) => (run?.bars.length ?? 1) - 1));
    const timer = setInterval(() => {
      if (at.peek() >= last) playing.value = false;
      else at.value = at.peek() + 1;
    }, SHOWN_MS);
    return () => clearInterval(timer);
  });
  return (
    <div class="grid">
      <Panel title="Runs" aside={<span>They do not leave this browser.</span>}>
        <p class="note">
          The lab plays a market under a rule set and writes what happened:{' '}
          <code>npx zkrisk lab run --events FILE</code>, once for each rule set, with the same prices and
          seed.
        </p>
        <div class="halves">
          <Choose name="Left run" into={left} />
          <Choose name="Right run" into={right} />
        </div>
        {length > 0 && (
          <div class="halves">
            <button
              type="button"
              onClick={() => {
                if (position >= length - 1) at.value = 0;
                playing.value = !playing.value;
              }}
            >
              {playing.value ? 'Stop' : 'Play'}
            </button>
            <button
              type="button"
              onClick={() => {
                playing.value = false;
                at.value = worstBar(runs[0].bars);
              }}
            >
              Go to the worst bar
            </button>
          </div>
        )}
        {length > 0 && (
          <label>
            Bar {position + 1} of {length},{' '}
            {timeText(runs[0].bars[Math.min(position, runs[0].bars.length - 1)].time)} UTC
            <input
              type="range"
              min={0}
              max={length - 1}
              value={position}
              onInput={({ currentTarget }) => (at.value = Number(currentTarget.value))}
            />
          </label>
        )}
      </Panel>
      {runs.map((run, i) => (
        <RunView
          key={`${i} ${run.name}`}
          {...{ run, position }}
          side={i === 0 && left.value !== undefined ? 'Left' : 'Right'}
        />
      ))}
      {runs.length > 0 && <Comparison runs={runs} length={length} />}
    </div>
  );
}

function Choose({ name, into }: { name: string; into: Signal<Run | undefined> }) {
  const failed = useSignal<string | undefined>(undefined);
  const read = async (file: File | undefined) => {
    if (file === undefined) return;
    try {
      into.value = { name: file.name, bars: labRunOf(await file.text()) };
      failed.value = undefined;
    } catch (error) {
      failed.value = `${file.name}: ${error instanceof Error ? error.message : String(error)}`;
    }
  };
  return (
    <div>
      <label>
        {name}
        <input type="file" onChange={({ currentTarget }) => void read(currentTarget.files?.[0])} />
      </label>
      <p role="status">{failed.value !== undefined && <State tone="bad">{failed.value}</State>}</p>
    </div>
  );
}

function RunView({ run, position, side }: { run: Run; position: number; side: string }) {
  const bar = run.bars[Math.min(position, run.bars.length - 1)];
  return (
    <Panel title={`${side}: ${run.name}`} wide={6}>
      {position >= run.bars.length && <p class="note">This run has ended at bar {run.bars.length}.</p>}
      <Facts>
        <Fact name="Mean price since the beginning">
          <Percent of={bar.index - 1} signed />
        </Fact>
        <Fact name="Accounts liquidated">{bar.accounts}</Fact>
        <Fact name="Exchange’s result so far">
          <Real of={bar.exchange} decimals={0} signed />
        </Fact>
        <Fact name="Liquidity’s result so far">
          <Real of={bar.liquidity} decimals={0} signed />
        </Fact>
        <Fact name="Liquidated notional">
          <Real of={bar.liquidated} decimals={0} />
        </Fact>
        <Fact name="Debts past collateral">
          <Real of={bar.badDebt} decimals={0} />
        </Fact>
        <Fact name="Deleveraged notional">
          <Real of={bar.deleveraged} decimals={0} />
        </Fact>
        <Fact name="Uncovered">
          {bar.uncovered > 0 ? (
            <State tone="bad">
              <Real of={bar.uncovered} decimals={0} />
            </State>
          ) : (
            '0'
          )}
        </Fact>
        <Fact name="Notional of all positions">
          <Real of={bar.gross} decimals={0} />
        </Fact>
        <Fact name="Initial margin of the reference position">
          <Percent of={bar.margin} />
        </Fact>
      </Facts>
      <h3>In this bar</h3>
      {bar.events.length === 0 ? (
        <p class="quiet">No liquidation, bankruptcy or deleveraging.</p>
      ) : (
        <ol class="tape" tabIndex={0} aria-label={`What happened in this bar, ${side}`}>
          {bar.events.map((event, i) => (
            <li key={i}>{event}</li>
          ))}
        </ol>
      )}
    </Panel>
  );
}

const FIGURES = [
  ['Mean price, 1 at the beginning', ({ index }: LabBar) => index],
  ['Result of exchange and liquidity together', ({ exchange, liquidity }: LabBar) => exchange + liquidity],
  ['Liquidated notional', ({ liquidated }: LabBar) => liquidated],
  ['Debts past collateral', ({ badDebt }: LabBar) => badDebt],
] as const;

function Comparison({ runs, length }: { runs: readonly Run[]; length: number }) {
  const longest = runs.find(({ bars }) => bars.length === length)!;
  const xs = longest.bars.map(({ time }) => time / 1000);
  return (
    <Panel title="Bar by bar">
      {FIGURES.map(([title, figure]) => (
        <div key={title}>
          <p class="caption">{title}</p>
          <Chart
            label={title}
            summary={runs
              .map(({ name, bars }) => `${name} ends at ${significantText(figure(bars.at(-1)!))}.`)
              .join(' ')}
            {...{ xs, time: true, height: 150 }}
            lines={runs.map(({ name, bars }, i): Line => ({
              name,
              values: xs.map((_, t) => (t < bars.length ? figure(bars[t]) : null)),
              colour: i === 0 ? 1 : 2,
              dashed: i === 1,
            }))}
          />
        </div>
      ))}
    </Panel>
  );
}
