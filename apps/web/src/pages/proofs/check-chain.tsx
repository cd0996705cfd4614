import { useSignal } from '@preact/signals';
import type { Settlements } from '../../engine/answers.js';
import { checkChain, type ChainReading } from '../../check/chain.js';
import { State } from '../../parts/figures.js';
import { Fact, Facts } from '../../parts/panel.js';
import { Registry } from './registry.js';

const MOST_TRANSACTIONS = 20;
type Result = ChainReading | { readonly broken: string } | 'reading';

/** The oracle as a node of the reader's choice knows it, held against what the engine says. */
export function CheckChain({ settlements }: { settlements: Settlements }) {
  const { chain, epochs, transactions } = settlements;
  const rpc = useSignal(chain.rpcUrl ?? '');
  const result = useSignal<Result | undefined>(undefined);
  const check = async () => {
    result.value = 'reading';
    try {
      result.value = await checkChain({
        rpc: rpc.value,
        oracle: chain.oracle as `0x${string}`,
        claimed: {
          chainId: chain.id,
          epochs: epochs.flatMap(({ number, entropicValueAtRisk }) =>
            number === null ? [] : [{ number, entropicValueAtRisk }],
          ),
          transactions: transactions
            .flatMap(({ transactionId, hash, blockNumber }) =>
              hash === null || blockNumber === null ? [] : [{ transactionId, hash: hash as `0x${string}` }],
            )
            .slice(0, MOST_TRANSACTIONS),
        },
      });
    } catch (error) {
      result.value = { broken: error instanceof Error ? error.message : String(error) };
    }
  };
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
          void check();
        }}
      >
        <label>
          Your node’s address
          <input
            type="url"
            required
            placeholder="https://…"
            value={rpc.value}
            onInput={({ currentTarget }) => (rpc.value = currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          Check it here
        </button>
      </form>
      <div role="status">
        <Findings result={result.value} />
      </div>
    </>
  );
}

function Findings({ result }: { result: Result | undefined }) {
  if (result === undefined)
    return (
      <p class="note">
        Asks that node, not the engine, what the oracle holds, what is installed in it and waits to be, and
        whether the transactions are there. It must allow pages to ask it (CORS).
      </p>
    );
  if (result === 'reading') return <p class="note">Reading…</p>;
  if ('broken' in result)
    return (
      <p class="notice bad">
        <State tone="bad">Not checked</State> {result.broken}
      </p>
    );
  return (
    <>
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
