import { loadOsqp } from 'osqp-wasm';
import { liquidate, type LiquidationCase, loadSolvers, type Solvers } from '#lib/liquidation';
import { MarginBook, MarginSchedule } from '#lib/margin';
import { randomStream } from '#lib/runtime';
import { randomCase } from '../test/support/liquidation-cases.js';
import type { Agreement } from './compare-peers.js';
import { askPeers, type Figure, percentile, QUICK, timed, timeFigure } from './harness.js';
import { plain, randomPrograms } from './random-programs.js';

const SETTINGS = { epsAbs: 1e-9, epsRel: 1e-9, polish: true, maxIter: 20_000, adaptiveRhoInterval: 50 };

interface PeerAnswer {
  osqp: { status: string; objective: number | null; seconds: number }[];
  liquidation: { objective: number; seconds: number; secondsWithoutGradients: number }[];
}

/** Figures of OSQP in WebAssembly, of liquidation plans and of marking accounts, with the figures that must agree with the peers. */
export async function liquidationFigures(): Promise<{ figures: Figure[]; agreement: Agreement[] }> {
  const programs = randomPrograms(QUICK ? 10 : 100);
  const solvers = await loadSolvers();
  const small = hardCases(10, QUICK ? 3 : 24, solvers);
  const large = hardCases(50, QUICK ? 2 : 12, solvers);
  const peers = askPeers<PeerAnswer>({
    osqp: { programs: programs.map(plain) },
    liquidation: { cases: [...small, ...large] },
  });
  const native = await compareOsqp(programs, peers?.osqp ?? null);
  const figures = [...native.figures, markFigure()];
  const agreement = [...native.agreement];
  let worst = 0;
  for (const [cases, from, target, limit] of [
    [small, 0, 'median ≤ 5 ms, ≥ 20 ×', 0.005],
    [large, small.length, 'median ≤ 30 ms', 0.03],
  ] as const) {
    const answers = peers?.liquidation.slice(from, from + cases.length);
    const plans = cases.map((given) => liquidate(given, solvers));
    const times = cases.map((given) => timed(() => void liquidate(given, solvers), 3, 10));
    const ours = median(times);
    const n = cases[0].positions.length;
    const peer = (name: string, of: (answer: PeerAnswer['liquidation'][number]) => number) =>
      answers ? { name, value: median(answers.map(of)) } : null;
    const name = `liquidation plan with certificate, n = ${n}, median`;
    const slsqp = peer('SciPy SLSQP', ({ secondsWithoutGradients }) => secondsWithoutGradients);
    figures.push(
      timeFigure(name, ours, slsqp, target, (ratio) =>
        ratio === null ? ours <= limit : ours <= limit && (n > 10 || ratio >= 20),
      ),
      timeFigure(
        name,
        ours,
        peer('SciPy SLSQP given all gradients', ({ seconds }) => seconds),
        'reported',
        () => null,
      ),
    );
    answers?.forEach(({ objective }, i) => {
      worst = Math.max(worst, (plans[i].objective - objective) / plans[i].objective);
    });
  }
  if (peers) {
    agreement.push({
      what: `liquidation: our objective above SciPy’s feasible one, ${small.length + large.length} accounts, relative`,
      worst,
      tolerance: 1e-8,
    });
  }
  return { figures, agreement };
}

/** Accounts that can be saved, at a premium: the risk measure is part of their optimum, no closed form has it. */
function hardCases(n: number, count: number, solvers: Solvers): LiquidationCase[] {
  const cases: LiquidationCase[] = [];
  for (let seed = 1; cases.length < count; seed++) {
    const given = randomCase(seed, { n });
    const { outcome, premium, programs } = liquidate(given, solvers);
    if (outcome === 'partial' && premium > 0 && programs > 0) cases.push(given);
  }
  return cases;
}

async function compareOsqp(
  programs: ReturnType<typeof randomPrograms>,
  peers: PeerAnswer['osqp'] | null,
): Promise<{ figures: Figure[]; agreement: Agreement[] }> {
  const osqp = await loadOsqp();
  const solve = (program: (typeof programs)[number]) => {
    using solver = osqp.setup(program, SETTINGS);
    return solver.solve();
  };
  const results = programs.map(solve);
  const seconds = programs.map((program) => timed(() => void solve(program), 3, 5));
  const ratios = peers?.map((peer, i) => peer.seconds / seconds[i]).sort((a, b) => a - b);
  const figure = timeFigure(
    `OSQP, ${programs.length} random QPs, n = 10 … 200, set-up and solve`,
    seconds.reduce((sum, value) => sum + value, 0),
    peers ? { name: 'native OSQP 0.6.7', value: peers.reduce((sum, peer) => sum + peer.seconds, 0) } : null,
    'reported',
    () => null,
  );
  if (peers === null || ratios === undefined) return { figures: [figure], agreement: [] };
  let objectives = 0;
  let statuses = 0;
  results.forEach(({ status, objective }, i) => {
    const peer = peers[i];
    if (status !== peer.status) statuses++;
    else if (status === 'solved') {
      objectives = Math.max(
        objectives,
        Math.abs(objective - peer.objective!) / Math.max(1, Math.abs(peer.objective!)),
      );
    }
  });
  const kinds = new Map<string, number>();
  for (const { status } of results) kinds.set(status, (kinds.get(status) ?? 0) + 1);
  const counted = [...kinds].map(([status, count]) => `${count} ${status}`).join(', ');
  return {
    figures: [{ ...figure, name: `${figure.name} (median ratio ${percentile(ratios, 0.5).toFixed(2)})` }],
    agreement: [
      {
        what: `OSQP: programs whose status differs from native OSQP’s (${counted})`,
        worst: statuses,
        tolerance: 0,
      },
      { what: 'OSQP: objective against native OSQP’s', worst: objectives, tolerance: 1e-9 },
    ],
  };
}

const ACCOUNTS = QUICK ? 50_000 : 1_000_000;
const POSITIONS = 5;
const MARKETS = 50;

interface PlainAccount {
  name: string;
  cash: number;
  positions: { market: number; size: number; entryNotional: number }[];
}

/** A price tick over all accounts, of five positions each, beside the loop over objects that one would write first. */
function markFigure(): Figure {
  const random = randomStream(7);
  const rates = MarginSchedule.parse('default=0.03/0.05');
  const book = new MarginBook(rates);
  const marks = Array.from({ length: MARKETS }, () => 10 ** (4 * random.uniform() - 1));
  marks.forEach((mark, market) => {
    book.setMark(`M${market}`, mark);
  });
  const accounts: PlainAccount[] = [];
  for (let i = 0; i < ACCOUNTS; i++) {
    const positions = Array.from({ length: POSITIONS }, () => {
      const market = Math.floor(MARKETS * random.uniform());
      const size = ((random.uniform() < 0.5 ? -1 : 1) * 1000) / marks[market];
      return { market, size, entryNotional: size * marks[market] * (1 + 0.02 * random.normal()) };
    });
    // About one account in a thousand is below maintenance after the tick.
    const cash = random.uniform() < 0.001 ? 60 : 400 + 400 * random.uniform();
    const account = { name: `a${i}`, cash, positions };
    accounts.push(account);
    book.set(
      account.name,
      cash,
      positions.map(({ market, size, entryNotional }) => ({
        market: `M${market}`,
        size,
        entryNotional,
        fundingIndex: 0,
      })),
    );
  }
  let tick = 0;
  let found = 0;
  const columnar = timed(
    () => {
      const market = tick++ % MARKETS;
      book.setMark(`M${market}`, marks[market] * (1 + 1e-6 * tick));
      found = book.underMargined().length;
    },
    7,
    100,
  );
  let plainFound = 0;
  const loop = timed(
    () => {
      plainFound = 0;
      for (const { cash, positions } of accounts) {
        let equity = cash;
        let margin = 0;
        for (const { market, size, entryNotional } of positions) {
          equity += size * marks[market] - entryNotional;
          margin += 0.03 * Math.abs(size) * marks[market];
        }
        if (equity < margin) plainFound++;
      }
    },
    5,
    100,
  );
  if (found === 0 || Math.abs(found - plainFound) > 0.02 * plainFound) {
    throw new Error(`the two ways of marking disagree: ${found} and ${plainFound} accounts`);
  }
  return timeFigure(
    `marking ${ACCOUNTS.toLocaleString('en-US')} accounts × 5 positions (${found} below maintenance)`,
    columnar,
    { name: 'loop over objects', value: loop },
    '< 50 ms',
    () => columnar < 0.05,
  );
}

function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
