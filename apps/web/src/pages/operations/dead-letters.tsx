import { useSignal } from '@preact/signals';
import { adminSecret, askSigned, approveCall } from '../../engine/admin.js';
import { State } from '../../parts/figures.js';
import { Panel } from '../../parts/panel.js';
import { type Column, Table } from '../../parts/table.js';

interface Letter {
  readonly place: string;
  readonly reason: string;
  readonly key: string;
  readonly value: string;
}

/** Messages that no consumer could handle, with their reasons, and their return once that is mended: for holders of the admin secret. */
export function DeadLetters({ count, topics }: { count: number | undefined; topics: readonly string[] }) {
  const topic = useSignal('trades');
  const letters = useSignal<readonly Letter[] | undefined>(undefined);
  const told = useSignal<{ ok: boolean; text: string } | undefined>(undefined);
  const path = () => `v1/admin/dead-letters/${encodeURIComponent(topic.value)}`;
  const attempt = async (call: () => Promise<string | undefined>) => {
    try {
      const text = await call();
      told.value = text === undefined ? undefined : { ok: true, text };
    } catch (error) {
      told.value = { ok: false, text: error instanceof Error ? error.message : String(error) };
    }
  };
  const list = () =>
    attempt(async () => {
      ({ letters: letters.value } = await askSigned<{ letters: readonly Letter[] }>('GET', path()));
      return undefined;
    });
  const requeue = (place: string) =>
    attempt(async () => {
      await askSigned('POST', `${path()}/requeue`, { places: [place] });
      await list();
      return `letter ${place} was published again`;
    });
  const approve = (place: string) =>
    attempt(async () => {
      await approveCall(`${path()}/requeue`, { places: [place] });
      return `the return of letter ${place} is approved: another holder may publish it within an hour`;
    });
  const columns: readonly Column<Letter>[] = [
    { name: 'Place', cell: ({ place }) => place },
    {
      name: 'Reason',
      cell: ({ reason }) => (
        <span class="clip" title={reason}>
          {reason}
        </span>
      ),
    },
    {
      name: 'Message',
      cell: ({ value }) => (
        <span class="clip" title={value}>
          {value}
        </span>
      ),
    },
    {
      name: 'Return',
      cell: ({ place }) => (
        <>
          <button type="button" onClick={() => void requeue(place)}>
            Publish again
          </button>{' '}
          <button type="button" class="ghost" onClick={() => void approve(place)}>
            Approve
          </button>
        </>
      ),
    },
  ];
  return (
    <Panel
      title="Dead letters"
      wide={6}
      aside={count === undefined ? undefined : <span>{count} since the start of this process</span>}
    >
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void list();
        }}
      >
        <label>
          Topic
          <input
            required
            list="dead-letter-topics"
            value={topic.value}
            onInput={({ currentTarget }) => (topic.value = currentTarget.value.trim())}
          />
        </label>
        <datalist id="dead-letter-topics">
          {topics.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <label>
          Admin secret
          <input
            type="password"
            required
            autocomplete="off"
            value={adminSecret.value}
            onInput={({ currentTarget }) => (adminSecret.value = currentTarget.value)}
          />
        </label>
        <button type="submit">List</button>
      </form>
      <p role="status">
        {told.value !== undefined && <State tone={told.value.ok ? 'good' : 'bad'}>{told.value.text}</State>}
      </p>
      {letters.value === undefined ? (
        <p class="note">
          Calls are signed in this browser by the secret, which is kept until the page is closed and sent
          nowhere, and made with the API key above, of scope admin. Publishing again needs another holder’s
          approval, unless the engine runs with one. By command: zkrisk dead-letters list, requeue.
        </p>
      ) : (
        <Table
          {...{ label: 'Dead letters', columns, rows: letters.value, height: 260 }}
          keyOf={({ place }) => place}
          empty="No message of this topic has failed."
        />
      )}
    </Panel>
  );
}
