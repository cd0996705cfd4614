/**
 * The rooms of the house: the purpose of each folder, and which libraries a library may import. Lint enforces the arrows, and
 * `npm run docs` writes the list in docs/internals/architecture.md from here. Apps may import every library and, of other apps, only
 * the exports of their index; libraries never import an app, and nobody reaches into another library's files.
 */
export const APPS = {
  forecaster: 'prices → bars → model → covariance forecasts',
  pricer: 'trades, forecasts → book, accounts, quotes, premia, funding, risk measure',
  liquidator: 'accounts, prices → liquidation plans with certificates → trades',
  historian: 'samples, book, risk, plans, accounts → history by time',
  prover: 'models, filter steps, books, plans → statements → a queue → proofs',
  settlement: 'epochs and proofs → transactions → receipts',
  vault: 'pool shares on a chain, prices, forecasts → the part that counts as liquidity',
  venues: 'public tickers of exchanges → ticks by source',
  zkrisk: 'every service in one process on embedded parts; replay, report',
  web: 'the page: the exchange’s state, and checks that run in the reader’s browser',
  cli: 'the command line: without a running engine, and to operate one',
};

/** @type {Record<string, { says: string, pure?: boolean, uses: string[] }>} */
export const LIBRARIES = {
  errors: { says: 'the root of every error, with a stable code', pure: true, uses: [] },
  amounts: {
    says: 'exact numbers: fixed point, scales, rounding; names of margin accounts',
    pure: true,
    uses: ['errors'],
  },
  commitment: {
    says: 'Merkle sums of a book: the sums of all accounts, and proof that each is in them',
    pure: true,
    uses: ['errors'],
  },
  risk: { says: 'EVaR, book, premium, funding, LP legs, vesting, waterfall', pure: true, uses: ['errors'] },
  volatility: {
    says: 'bars, cointegration, factor models, horizon covariance, backtests',
    pure: true,
    uses: ['errors', 'risk', 'runtime'],
  },
  liquidation: {
    says: 'the program, SQP and cutting planes, certificate and its check',
    pure: true,
    uses: ['errors', 'margin', 'risk', 'runtime'],
  },
  margin: {
    says: 'rates, portfolio margin, credit exposure, who bears losses past the pool, all accounts in columns',
    pure: true,
    uses: ['errors', 'runtime'],
  },
  pools: { says: 'pools whose weights follow a rule, simulated', pure: true, uses: ['errors', 'runtime'] },
  rules: {
    says: 'rules written in Python: graph, circuit, program; their statement, their environment, their simulation',
    uses: ['errors', 'pools', 'proofs', 'runtime'],
  },
  messages: { says: 'topics and schemas: types, validation and documents from one source', uses: ['errors'] },
  exchange: {
    says: 'marks, book, accounts, shares: commands and prices in, book events out; a pure machine',
    pure: true,
    uses: ['amounts', 'commitment', 'errors', 'margin', 'messages', 'risk'],
  },
  forecasting: {
    says: 'prices → bars → model → forecasts; a pure machine',
    pure: true,
    uses: ['amounts', 'errors', 'exchange', 'messages', 'risk', 'runtime', 'volatility'],
  },
  liquidating: {
    says: 'margin accounts and marks → who is liquidated, and the program; a pure machine',
    pure: true,
    uses: ['amounts', 'errors', 'exchange', 'liquidation', 'margin', 'messages', 'risk'],
  },
  lab: {
    says: 'the machines in one process with seeded traders: rule sets side by side, stress, coverage',
    pure: true,
    uses: [
      'amounts',
      'charts',
      'errors',
      'exchange',
      'forecasting',
      'liquidating',
      'liquidation',
      'margin',
      'messages',
      'risk',
      'runtime',
      'volatility',
    ],
  },
  proofs: {
    says: 'statements, field elements, provers: the engine in threads, native ezkl in processes',
    uses: ['amounts', 'errors', 'liquidation', 'risk', 'runtime'],
  },
  chain: {
    says: 'deployment, a sender that never loses or doubles a transaction, audit, the embedded chain',
    uses: ['commitment', 'errors', 'proofs', 'runtime'],
  },
  events: {
    says: 'lanes and units; two logs under one NestJS transport: Kafka, and tables',
    uses: ['errors', 'messages', 'runtime', 'storage'],
  },
  storage: { says: 'TypeORM entities, data source, the embedded PostgreSQL', uses: ['errors', 'runtime'] },
  service: {
    says: 'shared by all NestJS services: configuration, problem documents, logging',
    uses: ['errors', 'exchange', 'margin', 'runtime'],
  },
  host: {
    says: 'a process of one service or several: server, metrics, readiness, access',
    uses: ['errors', 'events', 'messages', 'runtime', 'service', 'storage', 'streams'],
  },
  streams: {
    says: 'documents that many mirror: snapshots, patches, who is subscribed, who does not keep up',
    uses: ['errors', 'messages'],
  },
  sdk: {
    says: 'typed client for matching engines and liquidator bots',
    uses: ['commitment', 'errors', 'liquidation', 'messages'],
  },
  runtime: { says: 'ports, random streams, threads that answer requests, traces', uses: ['errors'] },
  'price-file': {
    says: 'files of prices or returns as they are published, joined on time, with errors that name the cell',
    uses: ['errors', 'messages'],
  },
  venues: {
    says: 'tickers of exchanges over WebSocket: one adapter interface, connections that come back',
    uses: ['amounts', 'errors'],
  },
  charts: { says: 'line charts as SVG', pure: true, uses: [] },
  terminal: { says: 'programs on a terminal: arguments, exit codes', uses: ['errors'] },
  'osqp-wasm': { says: 'OSQP in WebAssembly, typed: a workspace package of its own', pure: true, uses: [] },
};

/** The other folders. */
const FOLDERS = {
  circuits: 'ONNX builders and the artifacts made from them',
  rules: 'the compiler of rules, in Python, and rules to begin with',
  contracts: 'RiskOracle, its guard rails and price sources; TemporalPool, LiquidityVault; Foundry tests',
  migrations: 'the TypeORM migration',
  test: 'across services, on a real PostgreSQL, Kafka and chain',
  examples: 'a liquidator bot on the SDK',
  bench: 'benchmarks, each beside a peer of the same run',
};

const line = (indent, name, says, width) => `${' '.repeat(indent)}${`${name}/`.padEnd(width)} ${says}`;

/** The list as docs/internals/architecture.md shows it. */
export function roomsText() {
  return [
    'apps/',
    ...Object.entries(APPS).map(([name, says]) => line(2, name, says, 13)),
    'libs/',
    ...Object.entries(LIBRARIES).map(([name, { says, pure }]) =>
      line(2, name, pure === true ? `${says} (pure)` : says, 13),
    ),
    ...Object.entries(FOLDERS).map(([name, says]) => line(0, name, says, 15)),
  ].join('\n');
}

/** docs/internals/architecture.md with its list of rooms as it is now. */
export function withRooms(text) {
  return text.replace(
    /(<!-- rooms -->\n\n```\n)[\s\S]*?(\n```)/,
    (_, before, after) => before + roomsText() + after,
  );
}

/** Arrows between the folders of a library: whoever checks a plan needs no solver. */
export const ROOMS = {
  liquidation: {
    program: [],
    certificate: ['program'],
    verify: ['program', 'certificate'],
    solve: ['program', 'certificate'],
  },
};
