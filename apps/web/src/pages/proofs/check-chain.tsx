import type { Settlements } from '../../engine/answers.js';
import { chosenNode, oracleReading, readOracle } from '../../check/oracle-reading.js';
import { Age, State } from '../../parts/figures.js';
import { Fact, Facts } from '../../parts/panel.js';
import { Registry } from './registry.js';

/** The oracle as a node of the reader's choice knows it, held against what the engine says. */
export function CheckChain({ settlements }: { settlements: Settlements }) {
  const { chain } = settlements;
  const rpc = chosenNode.value ?? chain.rpcUrl ?? '';
  return (
    <>
      <Facts>
        <Fact name="Oracle" note={`chain ${chain.id}`}>
          <span class="hash">{chain.oracle}</span>
        </Fact>
        <Fact name="Price source">
          <span class="hash">{chain.prices}</span>
        </Fact>
      </Facts>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void readOracle(settlements, rpc);
        }}
      >
        <label>
          Your node’s address
          <input
            type="url"
            required
            placeholder="https://…"
            value={rpc}
            onInput={({ currentTarget }) => (chosenNode.value = currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          Check it here
        </button>
      </form>
      <div role="status">
        <Findings result={oracleReading.value} />
      </div>
    </>
  );
}

function Findings({ result }: { result: typeof oracleReading.value }) {
  if (result === undefined)
    return (
      <p class="note">
        Asks that node, not the engine, what the oracle holds, what is installed in it and waits to be, and
        whether the transactions are there. It must allow pages to ask it (CORS).
      </p>
    );
  if (result.state === 'reading') return <p class="note">Reading…</p>;
  if (result.state === 'failed')
    return (
      <p class="notice bad">
        <State tone="bad">Not checked</State> {result.broken}
      </p>
    );
  return (
    <>
      <p class="note">
        Read <Age of={result.at} clock="wall" />.
      </p>
      <ul class="findings">
        {result.findings.map(({ what, holds, found }) => (
          <li key={what}>
            <State tone={holds ? 'good' : 'bad'}>{holds ? 'holds' : 'does not hold'}</State> {what}{' '}
            <span class="note">{found}</span>
          </li>
        ))}
      </ul>
      {result.registry !== undefined && <Registry registry={result.registry} />}
    </>
  );
}
