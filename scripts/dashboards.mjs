// `npm run dashboards`: a Grafana dashboard for each service, from this list into deploy/grafana/dashboards. test/service/operations.spec.ts
// compares their queries with a running engine's metrics.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

const root = join(import.meta.dirname, '..');
const datasource = { type: 'prometheus', uid: 'prometheus' };

/** Panels of every service, by Prometheus's label `service`. */
const common = (service) => [
  ['Ready, by check', 'short', [`min by (check) (zkrisk_ready{service="${service}"})`, '{{check}}']],
  [
    'Answers a second',
    'reqps',
    [
      `sum by (route, outcome) (rate(zkrisk_requests_total{service="${service}"}[1m]))`,
      '{{route}} {{outcome}}',
    ],
  ],
  [
    'Lag',
    's',
    [`max by (group, topic) (zkrisk_consumer_lag_seconds{service="${service}"})`, '{{group}} {{topic}}'],
  ],
  [
    'Main thread, 99th percentile of delay',
    's',
    [`max by (instance) (nodejs_eventloop_lag_p99_seconds{service="${service}"})`, '{{instance}}'],
  ],
  [
    'Memory',
    'bytes',
    [`max by (instance) (process_resident_memory_bytes{service="${service}"})`, '{{instance}}'],
  ],
  [
    'Dead letters a minute',
    'short',
    [`sum(increase(zkrisk_dead_letters_total{service="${service}"}[1m]))`, 'dead letters'],
  ],
];

const SERVICES = {
  pricer: [
    ['Quotes a second', 'reqps', ['sum(rate(zkrisk_quotes_total[1m]))', 'quotes']],
    [
      'Quotes that could not be given, of all',
      'percentunit',
      ['zkrisk:quotes:errors5m', '5 min'],
      ['zkrisk:quotes:errors1h', '1 h'],
    ],
    [
      'Pool',
      'currencyUSD',
      ['max(zkrisk_risk_measure)', 'ρ'],
      ['max(zkrisk_capital)', 'P'],
      ['max(zkrisk_liquidity)', 'L'],
      ['max(zkrisk_shortfall)', 'shortfall'],
    ],
    [
      'Streams',
      'short',
      ['sum(zkrisk_stream_connections)', 'connections'],
      ['sum(rate(zkrisk_stream_frames_total[1m]))', 'frames/s'],
      ['sum(rate(zkrisk_stream_slow_total[1m]))', 'slow/s'],
    ],
    ['Outbox', 's', ['max(zkrisk_outbox_oldest_seconds)', 'oldest message that is not published']],
  ],
  forecaster: [
    [
      'Forecast behind market time',
      's',
      ['max(zkrisk_market_time_seconds) - max(zkrisk_forecast_time_seconds)', 'behind'],
    ],
    ['Fit', 's', ['max(zkrisk_model_fit_seconds)', 'last fit']],
    [
      'Model',
      'short',
      ['max(zkrisk_model_version)', 'version'],
      ['max(zkrisk_rejected_ticks)', 'ticks refused'],
    ],
  ],
  liquidator: [
    [
      'Plans',
      'short',
      ['sum(zkrisk_open_plans)', 'open'],
      ['sum(zkrisk_plan_backlog)', 'waiting'],
      ['sum(zkrisk_solver_queue)', 'solving'],
    ],
    [
      'Plans a minute',
      'short',
      ['sum(increase(zkrisk_plans_total[1m]))', 'plans'],
      ['sum(increase(zkrisk_plans_unproven[1m]))', 'unproven'],
    ],
    ['Marking all accounts', 's', ['max(zkrisk_mark_seconds)', 'last']],
    ['Largest certified gap', 'percentunit', ['max(zkrisk_plan_gap)', 'gap']],
  ],
  historian: [
    [
      'History behind market time',
      's',
      ['max(zkrisk_market_time_seconds) - max(zkrisk_history_newest_seconds)', 'behind'],
    ],
  ],
  prover: [
    ['Statements', 'short', ['max by (status) (zkrisk_proof_jobs)', '{{status}}']],
    ['Time of a proof', 's', ['max by (statement) (zkrisk_proof_seconds)', '{{statement}}']],
  ],
  settlement: [['Transactions', 'short', ['max by (status) (zkrisk_chain_transactions)', '{{status}}']]],
  vault: [
    [
      'Backing',
      'currencyUSD',
      ['sum(zkrisk_backing)', 'counts'],
      ['sum(zkrisk_backing_lost)', 'lost to traders'],
    ],
    ['Reading of the chain', 's', ['max(zkrisk_vault_reading_age_seconds)', 'age']],
    ['Haircut', 'percentunit', ['max(zkrisk_vault_haircut)', 'haircut']],
  ],
};

/** The files by name. */
export function dashboards() {
  return Object.fromEntries(
    Object.entries(SERVICES).map(([service, own]) => {
      const panels = [...own, ...common(service)].map(([title, unit, ...queries], i) => ({
        ...{ id: i + 1, type: 'timeseries', title, datasource },
        gridPos: { h: 7, w: 8, x: 8 * (i % 3), y: 7 * Math.floor(i / 3) },
        fieldConfig: { defaults: { unit }, overrides: [] },
        targets: queries.map(([expr, legendFormat], j) => ({
          ...{ refId: String.fromCharCode(65 + j), expr, legendFormat },
        })),
      }));
      const dashboard = {
        ...{ uid: `zkrisk-${service}`, title: `zkrisk ${service}`, schemaVersion: 41, version: 1 },
        ...{ editable: false, refresh: '10s', time: { from: 'now-1h', to: 'now' }, tags: ['zkrisk'], panels },
      };
      return [`${service}.json`, `${JSON.stringify(dashboard, null, 2)}\n`];
    }),
  );
}

if (process.argv[1] === import.meta.filename) {
  const files = Object.entries(dashboards());
  for (const [name, text] of files) {
    const file = join(root, 'deploy', 'grafana', 'dashboards', name);
    writeFileSync(file, await format(text, { ...(await resolveConfig(file)), parser: 'json' }));
  }
  process.stderr.write(`${files.length} dashboards in deploy/grafana/dashboards\n`);
}
