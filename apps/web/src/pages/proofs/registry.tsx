import type { ChainRegistry } from '../../check/chain.js';
import type { Forecast, Risk } from '../../engine/answers.js';
import { marginOf } from '../../engine/margin.js';
import { useAnswer } from '../../engine/resource.js';
import { spanText, timeText } from '../../format/times.js';
import { Percent, State } from '../../parts/figures.js';
import { Fact, Facts } from '../../parts/panel.js';
import { type Column, Table } from '../../parts/table.js';

type MarginRow = ChainRegistry['margins'][number] & {
  /** the same requirement by the engine's forecast; undefined where it has none of the market */
  readonly forecast: number | undefined;
};

const MARGINS: readonly Column<MarginRow>[] = [
  { name: 'Market', cell: ({ market }) => market, sort: ({ market }) => market },
  {
    ...{ name: 'On the chain', numeric: true, sort: ({ share }: MarginRow) => share ?? -1 },
    cell: ({ share }) => (share === null ? '–' : <Percent of={share} />),
  },
  {
    ...{ name: 'By the forecast', numeric: true, sort: ({ forecast }: MarginRow) => forecast ?? -1 },
    title:
      'κ √(−2 ln α) σ(τ) of the engine’s latest forecast: where the next proven bar would move it, within the rails',
    cell: ({ forecast }) => (forecast === undefined ? '–' : <Percent of={forecast} />),
  },
  {
    name: 'State',
    cell: ({ share, fresh }) =>
      share === null ? (
        <State tone="quiet" title="No bar that was proven has this market yet">
          none yet
        </State>
      ) : (
        <State tone={fresh ? 'good' : 'warn'}>{fresh ? 'fresh' : 'old'}</State>
      ),
  },
];

/** The oracle's registry as the reader's node has it: model, verifiers, changes that wait, and margins beside the engine's own. */
export function Registry({ registry }: { registry: ChainRegistry }) {
  const { delaySeconds, verifiers, model, proposals, margins } = registry;
  const { data: forecast } = useAnswer<Forecast>('v1/forecasts/latest?include=factors', 5000).value;
  const { data: risk } = useAnswer<Risk>('v1/risk', 2000).value;
  const asked = (market: string) => {
    const at = forecast?.markets.indexOf(market) ?? -1;
    return marginOf(risk, at < 0 ? undefined : forecast!.volatility[at]);
  };
  return (
    <>
      <h3>Registry</h3>
      <Facts>
        <Fact name="Changes wait at least">
          {delaySeconds === 0 ? 'not at all' : spanText(delaySeconds * 1000)}
        </Fact>
        <Fact
          name="Model"
          note={model.stateBar === 0 ? '' : `${model.parts} parts, ${margins.length} markets`}
        >
          {model.stateBar === 0 ? (
            'none is installed'
          ) : (
            <>
              state of {timeText(model.stateBar * 1000)}, bars of {spanText(model.barSeconds * 1000)}, horizon{' '}
              {model.horizonBars} bars
            </>
          )}
        </Fact>
        {verifiers.map(({ name, address }) => (
          <Fact key={name} name={name}>
            <span class="hash">{address}</span>
          </Fact>
        ))}
      </Facts>
      {proposals.length === 0 ? (
        <p class="note">No change waits to be installed.</p>
      ) : (
        <ul class="findings">
          {proposals.map(({ kind, digest, installableAt }) => (
            <li key={kind}>
              <State tone="warn">waits</State> {kind}, from {timeText(installableAt * 1000)} UTC{' '}
              <span class="note hash">{digest}</span>
            </li>
          ))}
        </ul>
      )}
      {margins.length > 0 && (
        <>
          <h3>Margin requirements on and off the chain</h3>
          <Table
            {...{ label: 'Margin requirements', columns: MARGINS, height: 320 }}
            rows={margins.map((margin) => ({ ...margin, forecast: asked(margin.market) }))}
            keyOf={({ market }) => market}
          />
        </>
      )}
    </>
  );
}
