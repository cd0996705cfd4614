import { useSignal } from '@preact/signals';
import { ask } from '../../engine/api.js';
import { refresh } from '../../engine/resource.js';
import { State } from '../../parts/figures.js';

/** Collateral in and out, for keys that may. */
export function Deposit({ account }: { account: string }) {
  const told = useSignal<{ ok: boolean; text: string } | undefined>(undefined);
  const submit = async (form: HTMLFormElement, kind: 'deposits' | 'withdrawals') => {
    const amount = (new FormData(form).get('amount') as string).trim();
    const path = `v1/accounts/${encodeURIComponent(account)}`;
    try {
      await ask(`${path}/${kind}`, { amount });
      told.value = { ok: true, text: `${amount} ${kind === 'deposits' ? 'paid in' : 'withdrawn'}` };
      form.reset();
      refresh(path);
    } catch (error) {
      told.value = { ok: false, text: error instanceof Error ? error.message : String(error) };
    }
  };
  return (
    <details class="more">
      <summary>Pay collateral in or out</summary>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          const { value } = event.submitter as HTMLButtonElement;
          void submit(event.currentTarget, value as 'deposits');
        }}
      >
        <label>
          Amount
          <input name="amount" required inputMode="decimal" pattern="\d+(\.\d+)?" placeholder="10000" />
        </label>
        <button type="submit" value="deposits">
          Pay in
        </button>
        <button type="submit" value="withdrawals">
          Withdraw
        </button>
        <span role="status">
          {told.value !== undefined && <State tone={told.value.ok ? 'good' : 'bad'}>{told.value.text}</State>}
        </span>
      </form>
    </details>
  );
}
