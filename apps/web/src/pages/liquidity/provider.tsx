import { useSignal } from '@preact/signals';
import { ask } from '../../engine/api.js';
import { timeText } from '../../format/times.js';
import { Age, Decimal, State } from '../../parts/figures.js';
import { Fact, Facts, Panel } from '../../parts/panel.js';

interface Position {
  readonly provider: string;
  readonly marketTime: string;
  readonly shares: string;
  readonly worth: string;
  readonly locked: readonly { readonly shares: string; readonly releaseAt: string }[];
  readonly backing: { readonly amount: string; readonly lost: string; readonly valuedAt: string } | null;
}

/** What a provider holds, and liquidity in and out by hand, for keys that may. */
export function Provider() {
  const name = useSignal('');
  const known = useSignal<Position | undefined>(undefined);
  const told = useSignal<{ ok: boolean; text: string } | undefined>(undefined);
  const attempt = async (what: () => Promise<string | undefined>) => {
    try {
      const text = await what();
      told.value = text === undefined ? undefined : { ok: true, text };
    } catch (error) {
      told.value = { ok: false, text: error instanceof Error ? error.message : String(error) };
    }
  };
  const show = async () => {
    known.value = undefined;
    known.value = await ask<Position>(`v1/liquidity/providers/${encodeURIComponent(name.value)}`);
    return undefined;
  };
  const move = (form: HTMLFormElement, action: string) =>
    attempt(async () => {
      const amount = (new FormData(form).get('amount') as string).trim();
      const body = { provider: name.value, amount, ...(action === 'deposits' ? {} : { mode: action }) };
      await ask(action === 'deposits' ? 'v1/liquidity/deposits' : 'v1/liquidity/withdrawals', body);
      await show();
      return action === 'deposits'
        ? `${amount} paid in`
        : action === 'locked'
          ? `${amount} asked back, paid after the horizon`
          : `${amount} taken out`;
    });
  return (
    <Panel title="A provider" wide={6} aside={known.value && <Age of={known.value.marketTime} />}>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(show);
        }}
      >
        <label>
          Provider
          <input
            required
            value={name.value}
            pattern="[\w.:@\-]{1,80}"
            onInput={({ currentTarget }) => (name.value = currentTarget.value.trim())}
          />
        </label>
        <button type="submit">Show</button>
      </form>
      {known.value !== undefined && (
        <Facts>
          <Fact name="Shares">
            <Decimal of={known.value.shares} />
          </Fact>
          <Fact name="Worth">
            <Decimal of={known.value.worth} />
          </Fact>
          {known.value.locked.map(({ shares, releaseAt }) => (
            <Fact
              key={releaseAt}
              name="Locked"
              note={`paid at ${timeText(Date.parse(releaseAt))} UTC, market time`}
            >
              <Decimal of={shares} />
            </Fact>
          ))}
          {known.value.backing !== null && (
            <Fact name="Backed by a vault" note="of it lost to traders">
              <Decimal of={known.value.backing.amount} /> · <Decimal of={known.value.backing.lost} signed />
            </Fact>
          )}
        </Facts>
      )}
      <details class="more">
        <summary>Liquidity in or out</summary>
        <form
          class="fields"
          onSubmit={(event) => {
            event.preventDefault();
            void move(event.currentTarget, (event.submitter as HTMLButtonElement).value);
          }}
        >
          <label>
            Amount
            <input name="amount" required inputMode="decimal" pattern="\d+(\.\d+)?" />
          </label>
          <button type="submit" value="deposits">
            Pay in
          </button>
          <button type="submit" value="locked">
            Withdraw after the horizon, free
          </button>
          <button type="submit" value="forced">
            Withdraw now, for a fee
          </button>
        </form>
      </details>
      <p role="status">
        {told.value !== undefined && <State tone={told.value.ok ? 'good' : 'bad'}>{told.value.text}</State>}
      </p>
    </Panel>
  );
}
