import { useSignal } from '@preact/signals';
import { Panel } from '../../parts/panel.js';
import { CheckHere } from './verdict.js';

/** A plan from anywhere: a bot's, another exchange's, one that was altered to see it refused. */
export function CheckAny() {
  const text = useSignal('');
  return (
    <Panel title="Check any plan" aside={<span>It does not leave this browser.</span>}>
      <label>
        A plan with its certificate, as JSON
        <textarea
          rows={4}
          spellcheck={false}
          value={text.value}
          onInput={({ currentTarget }) => (text.value = currentTarget.value)}
        />
      </label>
      <CheckHere
        name="Check this text here"
        plan={() => {
          const given = JSON.parse(text.value) as { plan?: unknown };
          // The answer of /v1/liquidations/ID holds its plan.
          return given.plan ?? given;
        }}
      />
    </Panel>
  );
}
