// Long because it is one page: the list of statements, one proof, and the checks of each in the browser.
import { useSignal } from '@preact/signals';
import type { ProofDocument } from '#lib/proofs';
import type { Proofs as ProofsAnswer, ProofSummary, Settlements } from '../engine/answers.js';
import { API_BASE } from '../engine/api.js';
import { useAnswer } from '../engine/resource.js';
import { href, place } from '../router.js';
import { Age, Real, State } from '../parts/figures.js';
import { Fact, Facts, Known, Panel } from '../parts/panel.js';
import { type Column, Table } from '../parts/table.js';
import { checkProof, type ProofCheckStep } from '../check/proof.js';
import { CheckChain } from './proofs/check-chain.js';
import { Epochs } from './proofs/epochs.js';
import { statusTone as tone } from './proofs/status-tone.js';

const PROOFS: readonly Column<ProofSummary>[] = [
  {
    name: 'Proof',
    cell: ({ proofId }) => (
      <a href={href('proofs', proofId)} title={proofId}>
        <span class="clip">{proofId}</span>
      </a>
    ),
  },
  { name: 'Statement', cell: ({ statement }) => statement, sort: ({ statement }) => statement },
  {
    ...{ name: 'Of', sort: ({ subject }: ProofSummary) => subject.kind },
    cell: ({ subject: { kind, id } }) =>
      kind === 'liquidation' ? (
        <a href={href('liquidations', id)}>liquidation</a>
      ) : (
        <span class="clip" title={id}>
          {kind} {id}
        </span>
      ),
  },
  {
    ...{ name: 'State', sort: ({ status }: ProofSummary) => status },
    cell: ({ status, reason }) => (
      <State tone={tone(status)} {...(reason === null ? {} : { title: reason })}>
        {status}
      </State>
    ),
  },
  {
    name: 'Took',
    numeric: true,
    cell: ({ seconds }) => (seconds === null ? '–' : <Real of={seconds} decimals={1} unit="s" />),
    sort: ({ seconds }) => seconds ?? -1,
  },
  {
    name: 'Asked for',
    numeric: true,
    cell: ({ createdAt }) => <Age of={createdAt} clock="wall" />,
    sort: ({ createdAt }) => createdAt,
  },
];

/** A place may name a proof, or a query such as `subject=risk&id=…`. */
function queryIn(item: string | undefined): string | undefined {
  return item?.includes('=') === true ? item : undefined;
}

export function Proofs() {
  const { item } = place.value;
  const query = queryIn(item);
  const proofs = useAnswer<ProofsAnswer>(
    `v1/proofs?limit=200${query === undefined ? '' : `&${query}`}`,
    3000,
  );
  const settlements = useAnswer<Settlements>('v1/settlements?limit=50', 5000);
  return (
    <div class="grid">
      {item !== undefined && query === undefined && <ProofDetail key={item} proofId={item} />}
      <Panel title="Epochs on the chain" wide={7} aside={<SrsNote answer={settlements.value.data} />}>
        <Known answer={settlements} absent={() => <p class="quiet">This engine settles on no chain.</p>}>
          {(known) => <Epochs settlements={known} />}
        </Known>
      </Panel>
      <Panel title="The chain, read by you" wide={5}>
        <Known answer={settlements} absent={() => <p class="quiet">There is no oracle to read.</p>}>
          {(known) => <CheckChain settlements={known} />}
        </Known>
      </Panel>
      <Panel
        title="Proofs"
        aside={
          query === undefined ? (
            proofs.value.data && (
              <span>
                {proofs.value.data.queue.proven} made, {proofs.value.data.queue.queued} waiting,{' '}
                {proofs.value.data.queue.running} being made
              </span>
            )
          ) : (
            <span>
              of {new URLSearchParams(query).get('id')} · <a href={href('proofs')}>all</a>
            </span>
          )
        }
      >
        <Known answer={proofs} absent={() => <p class="quiet">This engine makes no proofs.</p>}>
          {({ proofs: rows }) => (
            <Table
              {...{ label: 'Proofs', columns: PROOFS, rows, selected: item, height: 420 }}
              keyOf={({ proofId }) => proofId}
              empty={
                query === undefined
                  ? 'No proof has been asked for.'
                  : 'No proof of it has been asked for: only the bars of epochs are proven.'
              }
            />
          )}
        </Known>
      </Panel>
      <Transactions answer={settlements.value.data} />
    </div>
  );
}

function SrsNote({ answer }: { answer: Settlements | undefined }) {
  return answer?.chain.srs === 'development' ? (
    <State tone="warn">development SRS: these proofs convince nobody</State>
  ) : null;
}

type Transaction = Settlements['transactions'][number];
const TRANSACTIONS: readonly Column<Transaction>[] = [
  {
    name: 'Transaction',
    cell: ({ transactionId }) => (
      <span class="clip" title={transactionId}>
        {transactionId}
      </span>
    ),
  },
  {
    ...{ name: 'Kind', sort: ({ kind }: Transaction) => kind },
    cell: ({ kind, planId }) => (planId === null ? kind : <a href={href('liquidations', planId)}>{kind}</a>),
  },
  {
    name: 'State',
    cell: ({ status, reason }) => (
      <State tone={tone(status)} {...(reason === null ? {} : { title: reason })}>
        {status}
      </State>
    ),
    sort: ({ status }) => status,
  },
  { name: 'Block', numeric: true, cell: ({ blockNumber }) => blockNumber ?? '–' },
  {
    name: 'Gas',
    numeric: true,
    cell: ({ gasUsed }) => (gasUsed === null ? '–' : <Real of={gasUsed} decimals={0} />),
    sort: ({ gasUsed }) => gasUsed ?? -1,
  },
  {
    name: 'Hash',
    cell: ({ hash }) =>
      hash === null ? (
        '–'
      ) : (
        <code class="clip" title={hash}>
          {hash}
        </code>
      ),
  },
];

function Transactions({ answer }: { answer: Settlements | undefined }) {
  if (answer === undefined || answer.transactions.length === 0) return null;
  return (
    <Panel title="Transactions">
      <Table
        {...{ label: 'Transactions', columns: TRANSACTIONS, rows: answer.transactions, height: 320 }}
        keyOf={({ transactionId }) => transactionId}
      />
    </Panel>
  );
}

interface Verdict {
  readonly holds: boolean;
  readonly digest: string;
  readonly failure?: string;
}
const STEPS: Readonly<Record<ProofCheckStep, string>> = {
  loading: 'Loading the verifier and the circuit…',
  key: 'Making the verification key from the circuit: some ten seconds…',
  verifying: 'Verifying…',
};

function ProofDetail({ proofId }: { proofId: string }) {
  const path = `v1/proofs/${encodeURIComponent(proofId)}`;
  const answer = useAnswer<ProofSummary & { readonly document: ProofDocument | null }>(path, 5000);
  const step = useSignal<ProofCheckStep | undefined>(undefined);
  const verdict = useSignal<Verdict | { readonly broken: string } | undefined>(undefined);
  const check = async (document: ProofDocument) => {
    verdict.value = undefined;
    step.value = 'loading';
    try {
      verdict.value = await checkProof(document, (now) => (step.value = now));
    } catch (error) {
      verdict.value = { broken: error instanceof Error ? error.message : String(error) };
    }
    step.value = undefined;
  };
  return (
    <Panel title="Proof" aside={<a href={href('proofs')}>Close</a>}>
      <Known answer={answer}>
        {({ statement, subject, status, reason, seconds, srs, document, finishedAt }) => (
          <>
            <Facts>
              <Fact name="Statement">{statement}</Fact>
              <Fact name="Of">
                {subject.kind === 'liquidation' ? (
                  <a href={href('liquidations', subject.id)}>{subject.id}</a>
                ) : (
                  `${subject.kind} ${subject.id}`
                )}
              </Fact>
              <Fact name="State">
                <State tone={tone(status)}>{status}</State> {reason}
              </Fact>
              {finishedAt !== null && (
                <Fact name="Made" note={seconds === null ? '' : `in ${seconds.toFixed(1)} s`}>
                  <Age of={finishedAt} clock="wall" />
                </Fact>
              )}
              {srs === 'development' && (
                <Fact name="SRS">
                  <State tone="warn">development: anyone could have made this proof of anything</State>
                </Fact>
              )}
              {document !== null && (
                <Fact name="Document" note={`${document.instances.length} public values`}>
                  <a href={new URL(path, API_BASE).href}>as JSON</a>, for <code>zkrisk verify</code>
                </Fact>
              )}
            </Facts>
            {document !== null && (
              <div class="check">
                <button
                  type="button"
                  class="primary"
                  disabled={step.value !== undefined}
                  onClick={() => void check(document)}
                >
                  Check it here
                </button>
                <div role="status">
                  <ProofVerdict step={step.value} verdict={verdict.value} />
                </div>
              </div>
            )}
          </>
        )}
      </Known>
    </Panel>
  );
}

function ProofVerdict({
  step,
  verdict,
}: {
  step: ProofCheckStep | undefined;
  verdict: Verdict | { readonly broken: string } | undefined;
}) {
  if (step !== undefined) return <span class="note">{STEPS[step]}</span>;
  if (verdict === undefined)
    return (
      <span class="note">
        EZKL’s verifier, in WebAssembly, in this browser: ten megabytes are loaded for it.
      </span>
    );
  if ('broken' in verdict)
    return (
      <p class="notice bad">
        <State tone="bad">Not checked</State> {verdict.broken}
      </p>
    );
  if (verdict.holds)
    return (
      <p class="notice good">
        <State tone="good">Verifies</State> in this browser, against the circuit of digest{' '}
        <span class="hash">{verdict.digest}</span>. What its public values mean is checked by{' '}
        <code>zkrisk verify</code> and, for settled epochs, by <code>zkrisk audit</code>.
      </p>
    );
  return (
    <p class="notice bad">
      <State tone="bad">Refused</State> {verdict.failure}
    </p>
  );
}
