import { factorsOfMatrices, QuotingBook, standardisedEvar, tradeImpact } from '#lib/risk';
import { fitGarch, fitGoGarch, independentComponents, principalComponents } from '#lib/volatility';
import { randomStream } from '#lib/runtime';
import { benchData } from './data.js';
import { askPeers, type Figure, timed, timeFigure } from './harness.js';

interface PeerTimes {
  evar: { secondsEach: number };
  garch: { seconds: number }[];
  fastIca: { seconds: number };
  goGarch: { seconds: number };
}

const atLeast = (least: number) => (ratio: number | null) => (ratio === null ? null : ratio >= least);

/** Figures of the pure libraries. */
export function quantitativeFigures(): Figure[] {
  const { returns } = benchData(2000);
  const ks = Array.from({ length: 64 }, (_, i) => -8 + i / 4);
  const logAlpha = Math.log(0.01);
  const peers = askPeers<PeerTimes>({
    evar: { alpha: 0.01, k: ks },
    garch: { series: [Array.from(returns[0])], scale: 100, repeats: 15 },
    fastIca: { series: returns.map((series) => Array.from(series)), tolerance: 1e-4 },
    goGarch: { series: returns.map((series) => Array.from(series)) },
  });
  const peer = (name: string, value: number | undefined) => (value === undefined ? null : { name, value });

  let sink = 0;
  const evar = timed(() => {
    for (const k of ks) sink += standardisedEvar(k, logAlpha).curvature;
  });
  const garch = timed(() => {
    sink += fitGarch(returns[0]).logLikelihood;
  });
  const { whitened } = principalComponents(returns);
  const ica = timed(
    () => {
      principalComponents(returns);
      sink += independentComponents(whitened, 24, { starts: 1, tolerance: 1e-4 })[0].negentropy;
    },
    5,
    1,
  );
  const goGarch = timed(
    () => {
      sink += fitGoGarch(returns).diagnostics.factorLogLikelihood;
    },
    3,
    1,
  );
  if (Number.isNaN(sink)) throw new Error('a benchmark came to no number');
  return [
    timeFigure(
      'EVaR with derivatives',
      evar / ks.length,
      peer('SciPy minimize_scalar, value only', peers?.evar.secondsEach),
      '≥ 100 ×',
      atLeast(100),
    ),
    premiumFigure(),
    timeFigure(
      'GARCH(1,1) fit, 2,000 observations',
      garch,
      peer('arch', peers?.garch[0].seconds),
      '≥ 3 ×',
      atLeast(3),
    ),
    timeFigure(
      'ICA 24 × 2,000',
      ica,
      peer('scikit-learn FastICA', peers?.fastIca.seconds),
      'within 3 ×',
      atLeast(1 / 3),
    ),
    timeFigure(
      'GO-GARCH 24 × 2,000',
      goGarch,
      peer('scikit-learn + arch', peers?.goGarch.seconds),
      '< 1 s',
      () => goGarch < 1,
    ),
  ];
}

/** Premiums of one leg per second with 50 markets, beside the same premium computed from scratch. */
function premiumFigure(): Figure {
  const n = 50;
  const random = randomStream(7);
  const root = Array.from({ length: n }, () => Array.from({ length: n }, () => 0.01 * random.normal()));
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      covariance[i * n + j] = root[i].reduce((sum, value, l) => sum + value * root[j][l], 0);
  const prices = Float64Array.from({ length: n }, () => Math.exp(3 * random.normal()));
  const forecast = { prices, returns: factorsOfMatrices(covariance, null, n, 1), tailFactor: 1 };
  const signedSizes = prices.map((price) => (1e5 * random.normal()) / price);
  const book = {
    signedSizes,
    entryNotionals: signedSizes.map((size, i) => size * prices[i]),
    capital: 2e5,
    liquidity: 1e6,
    pendingPremia: 0,
  };
  const quoting = new QuotingBook('evar', Math.log(0.01));
  quoting.load(book, forecast);
  let sink = 0;
  const calls = 1000;
  const ours = timed(() => {
    for (let i = 0; i < calls; i++)
      sink += quoting.riskPremiumOfLeg(i % n, ((i % 21) - 10.5) / prices[i % n]);
  });
  const trade = new Float64Array(n);
  trade[3] = 10 / prices[3];
  const scratch = timed(() => {
    sink += tradeImpact(
      { measure: 'evar', allocation: 'covariance', alpha: 0.01 },
      book,
      forecast,
      trade,
    ).riskPremium;
  });
  if (Number.isNaN(sink)) throw new Error('a premium came to no number');
  const perSecond = calls / ours;
  return {
    name: 'premium of one leg, 50 markets',
    ours: perSecond,
    unit: '/s',
    peer: { name: 'from scratch', value: 1 / scratch },
    ratio: perSecond * scratch,
    target: '≥ 300,000/s',
    met: perSecond >= 300_000,
  };
}
