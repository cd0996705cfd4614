import { z } from 'zod';
import { InvalidInputError } from '#lib/errors';
import {
  type Allocation,
  assess,
  type Assessment,
  type Book,
  bookAfterTrade,
  callSpread,
  exposureOf,
  factorsOfMatrices,
  forcedWithdrawalFee,
  type MarketForecast,
  requireAlpha,
  requireCovariance,
  requireFinite,
  requireHorizon,
  requireLength,
  requirePrices,
  type RiskMeasure,
  tradeImpact,
} from '#lib/risk';
import { UsageError } from '#lib/terminal';
import { readJson } from './read-json.js';

const vector = z.array(z.number());
const matrix = z.array(vector);

/** A book to price, as in the reference vectors. Money in quote currency, sizes in base units, τ in years. */
const stateSchema = z.strictObject({
  alpha: z.number(),
  tau: z.number(),
  prices: vector,
  returnCovariance: matrix,
  returnCovarianceRate: matrix.nullable().default(null),
  q: vector,
  C: vector,
  P: z.number(),
  L: z.number(),
  pendingPremia: z.number().default(0),
  trade: vector.optional(),
  lpWithdrawal: z.number().default(0),
});
type State = z.output<typeof stateSchema>;

/** `zkrisk price`: everything the engine says of a book, as one JSON object. */
export function priceCommand(path: string): object {
  const parsed = stateSchema.safeParse(readJson(path));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(
      `${path}: ${issue.path.join('.') || 'the file'}: ${issue.message}; see "zkrisk price --help"`,
    );
  }
  try {
    return priceState(parsed.data);
  } catch (error) {
    if (error instanceof InvalidInputError)
      throw new UsageError(`${path}: ${error.message}; correct the file`);
    throw error;
  }
}

function flatten(rows: readonly number[][], n: number, field: string): Float64Array {
  requireLength(rows, n, field);
  rows.forEach((row, i) => requireLength(row, n, `${field}[${i}]`));
  return Float64Array.from(rows.flat());
}

function readState(state: State): { book: Book; forecast: MarketForecast; trade: Float64Array } {
  const n = state.prices.length;
  requireAlpha(state.alpha);
  requireHorizon(state.tau);
  requirePrices(state.prices);
  const trade = state.trade ?? new Array<number>(n).fill(0);
  for (const [field, values] of Object.entries({ q: state.q, C: state.C, trade })) {
    requireLength(values, n, field);
    requireFinite(values, field);
  }
  requireFinite(
    [state.P, state.L, state.pendingPremia, state.lpWithdrawal],
    '(P, L, pendingPremia, lpWithdrawal)',
  );
  if (state.L < 0) throw new InvalidInputError('L', `must not be negative, got ${state.L}`);
  if (state.lpWithdrawal < 0 || state.lpWithdrawal > state.L) {
    throw new InvalidInputError(
      'lpWithdrawal',
      `must be between 0 and L = ${state.L}, got ${state.lpWithdrawal}`,
    );
  }
  const covariance = flatten(state.returnCovariance, n, 'returnCovariance');
  requireCovariance(covariance, n, 'returnCovariance');
  const rate =
    state.returnCovarianceRate === null
      ? null
      : flatten(state.returnCovarianceRate, n, 'returnCovarianceRate');
  if (rate) requireFinite(rate, 'returnCovarianceRate');
  return {
    book: {
      signedSizes: Float64Array.from(state.q),
      entryNotionals: Float64Array.from(state.C),
      capital: state.P,
      liquidity: state.L,
      pendingPremia: state.pendingPremia,
    },
    forecast: {
      prices: Float64Array.from(state.prices),
      returns: factorsOfMatrices(covariance, rate, n, state.tau),
      tailFactor: 1,
    },
    trade: Float64Array.from(trade),
  };
}

function priceState(state: State): object {
  const { book, forecast, trade } = readState(state);
  const logAlpha = Math.log(state.alpha);
  const model = (measure: RiskMeasure, allocation: Allocation) => ({
    measure,
    allocation,
    alpha: state.alpha,
  });
  const standing = assess(model('evar', 'covariance'), book, forecast);
  const impact = tradeImpact(model('evar', 'covariance'), book, forecast, trade);
  const esscher = assess(model('esscher', 'covariance'), book, forecast);
  const after = exposureOf(bookAfterTrade(book, trade, forecast.prices), forecast);
  const { exposure, risk } = standing;
  return {
    m: exposure.mean,
    s: exposure.volatility,
    k: risk.k,
    tStar: risk.tilt,
    evar: risk.value,
    rho: standing.riskMeasure,
    hm: risk.hm,
    hs: risk.hs,
    hmm: risk.hmm,
    hms: risk.hms,
    hss: risk.hss,
    dEvarDTau: standing.riskRate,
    esscherPremium: tradeImpact(model('esscher', 'covariance'), book, forecast, trade).riskPremium,
    premium: impact.riskPremium,
    signedPremium: impact.riskChange,
    lpPrice: standing.callSpread.price,
    lpPriceAfter: callSpread(
      after.forward,
      after.totalEntryNotional + book.capital,
      book.liquidity,
      after.volatility,
    ).price,
    lpPremium: impact.liquidityPremium,
    signedLpPremium: impact.liquidityChange,
    lpFunding: standing.liquidityFunding,
    forcedWithdrawalFee: forcedWithdrawalFee('evar', exposure, state.lpWithdrawal, logAlpha),
    allocations: {
      covariance: allocationOf(standing),
      paper: allocationOf(assess(model('evar', 'paper'), book, forecast)),
    },
    esscher: {
      value: esscher.risk.value,
      hm: esscher.risk.hm,
      hs: esscher.risk.hs,
      hmm: esscher.risk.hmm,
      hms: esscher.risk.hms,
      hss: esscher.risk.hss,
      fundingRate: {
        covariance: Array.from(esscher.fundingRates.markets),
        paper: Array.from(assess(model('esscher', 'paper'), book, forecast).fundingRates.markets),
      },
    },
  };
}

function allocationOf(assessment: Assessment): object {
  return {
    riskAllocation: Array.from(assessment.riskAllocation.markets),
    fundingRate: Array.from(assessment.fundingRates.markets),
    lpFundingRate: Array.from(assessment.liquidityFundingRates.markets),
    capital: {
      risk: assessment.riskAllocation.capital,
      fundingRate: assessment.fundingRates.capital,
      lpFundingRate: assessment.liquidityFundingRates.capital,
    },
  };
}
