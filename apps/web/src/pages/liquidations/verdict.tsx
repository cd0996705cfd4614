import { type Signal, useSignal } from '@preact/signals';
import { checkPlan, type Checked } from '../../check/certificate.js';
import { fixedText } from '../../format/numbers.js';
import { State } from '../../parts/figures.js';

type Result = Checked | { readonly broken: string };

/** A button that checks a plan in this browser, and what the check has found. */
export function CheckHere({ plan, name = 'Check it here' }: { plan: () => unknown; name?: string }) {
  const result = useSignal<Result | 'checking' | undefined>(undefined);
  return (
    <div class="check">
      <button
        type="button"
        class="primary"
        disabled={result.value === 'checking'}
        onClick={() => void check(plan, result)}
      >
        {name}
      </button>
      <div role="status">
        <VerdictView result={result.value} />
      </div>
    </div>
  );
}

async function check(plan: () => unknown, result: Signal<Result | 'checking' | undefined>): Promise<void> {
  result.value = 'checking';
  try {
    result.value = await checkPlan(plan());
  } catch (error) {
    result.value = { broken: error instanceof Error ? error.message : String(error) };
  }
}

export function VerdictView({ result }: { result: Result | 'checking' | undefined }) {
  if (result === undefined)
    return (
      <span class="note">
        Computes every claim again from the account’s data and the witness, in this browser.
      </span>
    );
  if (result === 'checking') return <span class="note">Checking…</span>;
  if ('broken' in result)
    return (
      <p class="notice bad">
        <State tone="bad">Not checked</State> {result.broken}
      </p>
    );
  if (result.holds)
    return (
      <p class="notice good">
        <State tone="good">Holds</State> checked in this browser in {fixedText(result.ms, 1)} ms: the plan
        restores the margin as it says, and nothing that closes less does, within its gap.
      </p>
    );
  return (
    <div class="notice bad">
      <State tone="bad">Refused</State> The certificate does not hold:
      <ul>
        {result.failures.map((failure) => (
          <li key={failure}>{failure}</li>
        ))}
      </ul>
    </div>
  );
}
