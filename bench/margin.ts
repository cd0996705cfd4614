import { lossSettlement } from '#lib/exchange';
import { liquidate, loadSolvers, verifyCertificate } from '#lib/liquidation';
import {
  buildScenarios,
  deleverage,
  lossStatement,
  PortfolioBook,
  portfolioModel,
  reductionGap,
  reductionStatement,
  shareLoss,
} from '#lib/margin';
import { randomStream } from '#lib/runtime';
import { randomCase, randomPortfolioCase } from '../test/support/liquidation-cases.js';
import { settledLoss } from '../test/support/loss-cases.js';
import { reducedPositions } from '../test/support/reduction-cases.js';
import { TradingExchange } from './decisions.js';
import { cpuSeconds } from './growth.js';
import { percentile } from './harness.js';

/** A figure that margins are held to, CPU time in milliseconds. */
export interface MarginFigure {
  readonly what: string;
  readonly measured: number | string;
  readonly target: string;
}

/** The figures of docs/concepts/liquidation.md, in one run. */
export async function marginFigures(): Promise<MarginFigure[]> {
  return [...lossFigures(), ...markingFigures(), ...(await programFigures())];
}

const milliseconds = (repeats: number, work: () => void) => Math.round(1e4 * cpuSeconds(repeats, work)) / 10;

/** A loss shared among accounts: the shares, the statement with its hashes, both with every account's equity, and positions closed. */
function lossFigures(): MarginFigure[] {
  const figures: MarginFigure[] = [];
  for (const [accounts, target] of [
    [20_000, '≤ 100'],
    [1_000_000, '≤ 5,000'],
  ] as const) {
    const { need, leaves } = settledLoss(7, accounts, { of: 'gains', share: 0.3 });
    const count = accounts.toLocaleString('en');
    figures.push(
      {
        what: `shares of ${count} accounts`,
        measured: milliseconds(3, () => void shareLoss(need, leaves)),
        target,
      },
      {
        what: `their statement, hashes by account`,
        measured: milliseconds(1, () => void lossStatement(need, leaves)),
        target,
      },
    );
  }
  const { engine } = new TradingExchange(50, 20_000, 3);
  figures.push({
    what: '20,000 accounts with a position each, equity, gains and shares',
    measured: milliseconds(3, () => void lossSettlement(engine)),
    target: '≤ 100',
  });
  const random = randomStream(11);
  const loading = Array.from({ length: 8 }, () => 0.02 + 0.02 * random.uniform());
  const list = Array.from({ length: 20_000 }, () => ({
    equity: 1000 * Math.exp(random.normal()),
    notionals: loading.map(() => (random.uniform() < 0.4 ? 0 : 10_000 * random.normal())),
  }));
  const problem = {
    covariance: loading.flatMap((a, i) => loading.map((b, j) => a * b * (i === j ? 1 : 0.7))),
    accounts: list,
    reduce: loading.map(
      (_, i) => 0.25 * list.reduce((sum, { notionals }) => sum + Math.max(0, notionals[i]), 0),
    ),
  };
  figures.push({
    what: 'positions of 20,000 accounts in 8 markets closed by a quarter, certified optimum',
    measured: milliseconds(1, () => void deleverage(problem)),
    target: 'none',
  });
  const { terms, leaves } = reducedPositions(7, { markets: 8, accounts: 20_000, share: 0.25 });
  figures.push(
    {
      what: `statement of ${leaves.length.toLocaleString('en')} accounts reduced in 8 markets, hashes by account`,
      measured: milliseconds(1, () => void reductionStatement(terms, leaves)),
      target: 'none',
    },
    {
      what: 'their certificate, exact',
      measured: milliseconds(1, () => void reductionGap(terms, leaves)),
      target: 'none',
    },
  );
  return figures;
}

/** A million accounts of five positions marked under 64 scenarios, as after the longest move, and a tick after that. */
function markingFigures(): MarginFigure[] {
  const random = randomStream(7);
  const markets = Array.from({ length: 24 }, (_, i) => `M${i}`);
  const scenarios = buildScenarios({
    markets,
    clusters: {},
    worstHour: {},
    jointHours: Array.from({ length: 5 }, () =>
      Object.fromEntries(markets.map((market) => [market, -0.05 + 0.05 * random.normal()])),
    ),
  });
  if (scenarios.length !== 64) throw new Error(`there are ${scenarios.length} scenarios, not 64`);
  const model = portfolioModel({
    ...{ version: 'bench', alpha: 1e-3, scenarios, absorbable: 1e9 },
    markets: markets.map((market) => ({
      ...{ market, depth: 1e9 },
      ...{ initial: [{ above: 0, rate: 0.01 }], maintenance: [{ above: 0, rate: 0.005 }] },
    })),
    covariance: markets.flatMap((_, i) => markets.map((__, j) => 1e-4 * (i === j ? 1 : 0.6))),
  });
  const book = new PortfolioBook(model);
  for (const market of markets) book.setMark(market, 100);
  for (let a = 0; a < 1_000_000; a++) {
    const first = Math.floor(24 * random.uniform());
    const positions = Array.from({ length: 5 }, (_, k) => {
      const size = (random.uniform() < 0.5 ? -1 : 1) * (0.5 + random.uniform());
      return { market: markets[(first + 5 * k) % 24], size, entryNotional: 100 * size, fundingIndex: 0 };
    });
    // Leverages of 2 to 5.
    const gross = positions.reduce((sum, { size }) => sum + 100 * Math.abs(size), 0);
    book.set(`a${a}`, gross / (2 + 3 * random.uniform()), positions);
  }
  const tick = (to: number) => () => {
    book.setMark('M0', to);
    book.underMargined();
  };
  return [
    {
      what: '1,000,000 accounts × 5 positions × 64 scenarios marked, skips included',
      measured: milliseconds(1, tick(100.001)),
      target: '≤ 600',
    },
    { what: 'a tick after that', measured: milliseconds(3, tick(100.01)), target: '≤ 50' },
  ];
}

/** 500 random programs with portfolio margin: certified gaps; medians beside linear margin's in the same run. */
async function programFigures(): Promise<MarginFigure[]> {
  const solvers = await loadSolvers();
  const SIZES = [1, 2, 3, 5, 8, 10, 15, 20, 30, 50];
  let [worst, partial, unproven] = [0, 0, 0];
  for (let seed = 1; seed <= 500; seed++) {
    const plan = liquidate(randomPortfolioCase(seed, { n: SIZES[seed % SIZES.length] }), solvers);
    if (!verifyCertificate(plan).holds) unproven++;
    if (plan.outcome !== 'partial') continue;
    partial++;
    worst = Math.max(worst, plan.gap!);
  }
  const figures: MarginFigure[] = [
    {
      what: `500 random programs, ${partial} of them partial, ${unproven} without a certificate: largest gap`,
      measured: worst.toExponential(1),
      target: '≤ 1e-8, none without',
    },
  ];
  for (const [n, target] of [
    [10, '≤ 5'],
    [50, '≤ 30'],
  ] as const)
    for (const [name, caseOf] of [
      ['portfolio', randomPortfolioCase],
      ['linear', randomCase],
    ] as const) {
      const times: number[] = [];
      for (let seed = 1; times.length < 40; seed++) {
        const given = caseOf(seed, { n });
        if (liquidate(given, solvers).outcome !== 'partial') continue;
        times.push(milliseconds(3, () => void liquidate(given, solvers)));
      }
      times.sort((a, b) => a - b);
      figures.push({
        what: `a plan of ${n} positions, ${name} margin, median of 40`,
        measured: percentile(times, 0.5),
        target: name === 'portfolio' ? target : 'beside it',
      });
    }
  return figures;
}
