import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { API_BASE, reach } from '../engine/api.js';
import { feed } from '../engine/feed.js';
import { useAnswer, useAnswerText } from '../engine/resource.js';
import { type Sample, samplesIn } from '../engine/metrics.js';
import { spanText } from '../format/times.js';
import { Age, Real, State } from '../parts/figures.js';
import { Fact, Facts, Known, Panel } from '../parts/panel.js';
import { type Column, Table } from '../parts/table.js';
import { DeadLetters } from './operations/dead-letters.js';
import { Drills } from './operations/drills.js';
import { type ServiceLevel, ServiceLevels } from './operations/service-levels.js';

interface Status {
  readonly status: 'operational' | 'degraded';
  readonly since: string;
  readonly checks: Readonly<Record<string, boolean>>;
  readonly serviceLevels: readonly ServiceLevel[];
}
interface Lag {
  readonly group: string;
  readonly topic: string;
  readonly partition: string;
  readonly records: number;
  readonly seconds: number;
}

/** A consumer that is further behind makes its process not ready (libs/host). */
const LONGEST_LAG_SECONDS = 60;
const EVERY_MS = 3000;

const LAGS: readonly Column<Lag>[] = [
  { name: 'Consumer', cell: ({ group }) => group, sort: ({ group }) => group },
  { name: 'Topic', cell: ({ topic }) => topic, sort: ({ topic }) => topic },
  { name: 'Partition', numeric: true, cell: ({ partition }) => partition },
  {
    name: 'Records behind',
    numeric: true,
    cell: ({ records }) => <Real of={records} decimals={0} />,
    sort: ({ records }) => records,
  },
  {
    ...{ name: 'Behind for', numeric: true, sort: ({ seconds }) => seconds },
    cell: ({ seconds }) => (
      <State tone={seconds > LONGEST_LAG_SECONDS ? 'bad' : seconds > 5 ? 'warn' : 'good'}>
        {spanText(seconds * 1000)}
      </State>
    ),
  },
];

/** Counters whose growth is shown, and what of. */
const RATES = [
  ['zkrisk_book_events', 'Book events'],
  ['zkrisk_trades', 'Trades'],
  ['zkrisk_quotes_total', 'Quotes'],
  ['zkrisk_plans_total', 'Liquidation plans'],
] as const;

export function Operations() {
  const status = useAnswer<Status>('v1/status', EVERY_MS);
  const metrics = useAnswerText('metrics', EVERY_MS);
  return (
    <div class="grid">
      <Panel
        title="Readiness"
        wide={4}
        aside={
          status.value.data && (
            <span>
              since <Age of={status.value.data.since} clock="wall" />
            </span>
          )
        }
      >
        <Known answer={status}>
          {({ status: word, checks }) => (
            <>
              <p>
                <State tone={word === 'operational' ? 'good' : 'bad'}>{word}</State>
              </p>
              <Facts>
                {Object.entries(checks).map(([name, passes]) => (
                  <Fact key={name} name={name}>
                    <State tone={passes ? 'good' : 'bad'}>{passes ? 'passes' : 'fails'}</State>
                  </Fact>
                ))}
              </Facts>
            </>
          )}
        </Known>
      </Panel>
      <Panel title="Work" wide={4} aside={<Renewed at={metrics.value.at} />}>
        <Known answer={metrics}>{(text) => <Work samples={samplesIn(text)} />}</Known>
      </Panel>
      <Panel title="Process and connection" wide={4}>
        <Known answer={metrics}>{(text) => <Process samples={samplesIn(text)} />}</Known>
        <Facts>
          <Fact name="This page’s stream">
            <State tone={feed.value.state === 'live' ? 'good' : 'warn'}>{feed.value.state}</State>
            {feed.value.resumed > 0 && <span class="note"> resumed {feed.value.resumed}×</span>}
          </Fact>
          <Fact name="REST">
            <State tone={reach.value.state === 'live' ? 'good' : 'bad'}>{reach.value.state}</State>
          </Fact>
          <Fact name="Described at">
            <a href={new URL('docs', API_BASE).href}>REST</a> ·{' '}
            <a href={new URL('metrics', API_BASE).href}>metrics</a>
          </Fact>
        </Facts>
      </Panel>
      <Panel title="Service levels" wide={6} aside={<Renewed at={status.value.at} />}>
        <Known answer={status}>{({ serviceLevels }) => <ServiceLevels levels={serviceLevels} />}</Known>
      </Panel>
      <DeadLetters
        count={
          metrics.value.data === undefined
            ? undefined
            : valueOf(samplesIn(metrics.value.data), 'zkrisk_dead_letters_total')
        }
        topics={[...new Set(lagsIn(samplesIn(metrics.value.data ?? '')).map(({ topic }) => topic))].sort()}
      />
      <Panel title="Consumers" aside={<Renewed at={metrics.value.at} />}>
        <Known answer={metrics}>
          {(text) => (
            <Table
              {...{ label: 'Lag of consumers', columns: LAGS, rows: lagsIn(samplesIn(text)), height: 460 }}
              keyOf={({ group, topic, partition }) => `${group} ${topic} ${partition}`}
              empty="No consumer in this process."
            />
          )}
        </Known>
      </Panel>
      <Drills />
    </div>
  );
}

function Renewed({ at }: { at: number | undefined }) {
  return at === undefined ? null : <Age of={at} clock="wall" />;
}

function valueOf(samples: readonly Sample[], name: string): number | undefined {
  return samples.find((sample) => sample.name === name)?.value;
}

function Work({ samples }: { samples: readonly Sample[] }) {
  const before = useSignal<{ at: number; values: ReadonlyMap<string, number> } | undefined>(undefined);
  const rates = useSignal<ReadonlyMap<string, number>>(new Map());
  useEffect(() => {
    const values = new Map(
      RATES.flatMap(([name]) => {
        const value = valueOf(samples, name);
        return value === undefined ? [] : [[name, value] as const];
      }),
    );
    const at = Date.now();
    const last = before.peek();
    if (last !== undefined && at > last.at)
      rates.value = new Map(
        [...values].map(([name, value]) => [
          name,
          ((value - (last.values.get(name) ?? value)) / (at - last.at)) * 1000,
        ]),
      );
    before.value = { at, values };
  }, [samples]);
  const outbox = valueOf(samples, 'zkrisk_outbox_oldest_seconds') ?? 0;
  const dead = valueOf(samples, 'zkrisk_dead_letters_total') ?? 0;
  return (
    <Facts>
      {RATES.map(([name, title]) => {
        const total = valueOf(samples, name);
        const rate = rates.value.get(name);
        return (
          total !== undefined && (
            <Fact
              key={name}
              name={title}
              note={
                rate === undefined ? (
                  ''
                ) : (
                  <>
                    <Real of={rate} decimals={1} /> a second
                  </>
                )
              }
            >
              <Real of={total} decimals={0} />
            </Fact>
          )
        );
      })}
      <Fact name="Committed and not published">
        <State tone={outbox > 30 ? 'bad' : outbox > 5 ? 'warn' : 'good'}>for {spanText(outbox * 1000)}</State>
      </Fact>
      <Fact name="Dead letters since the start" note="zkrisk dead-letters list, requeue">
        <State tone={dead > 0 ? 'bad' : 'good'}>{dead}</State>
      </Fact>
      <Fact name="The ledger’s imbalance">
        <State tone={valueOf(samples, 'zkrisk_ledger_imbalance') === 0 ? 'good' : 'bad'}>
          {valueOf(samples, 'zkrisk_ledger_imbalance') ?? '–'}
        </State>
      </Fact>
    </Facts>
  );
}

function Process({ samples }: { samples: readonly Sample[] }) {
  const started = valueOf(samples, 'process_start_time_seconds');
  const memory = valueOf(samples, 'process_resident_memory_bytes');
  const loop = samples.find(
    ({ name, labels }) => name === 'nodejs_eventloop_lag_p99_seconds' && labels.size === 0,
  )?.value;
  return (
    <Facts>
      {started !== undefined && (
        <Fact name="Started">
          <Age of={started * 1000} clock="wall" />
        </Fact>
      )}
      {memory !== undefined && (
        <Fact name="Memory">
          <Real of={memory / 2 ** 20} decimals={0} unit="MiB" />
        </Fact>
      )}
      {loop !== undefined && (
        <Fact name="Event loop behind, 99th percentile">
          <Real of={loop * 1000} decimals={1} unit="ms" />
        </Fact>
      )}
    </Facts>
  );
}

function lagsIn(samples: readonly Sample[]): Lag[] {
  const seconds = new Map(
    samples
      .filter(({ name }) => name === 'zkrisk_consumer_lag_seconds')
      .map(({ labels, value }) => [keyOf(labels), value]),
  );
  return samples
    .filter(({ name }) => name === 'zkrisk_consumer_lag_records')
    .map(({ labels, value }) => ({
      group: labels.get('group') ?? '',
      topic: labels.get('topic') ?? '',
      partition: labels.get('partition') ?? '',
      records: value,
      seconds: seconds.get(keyOf(labels)) ?? 0,
    }))
    .sort((a, b) => b.seconds - a.seconds || b.records - a.records);
}

function keyOf(labels: ReadonlyMap<string, string>): string {
  return ['group', 'topic', 'partition'].map((name) => labels.get(name)).join(' ');
}
