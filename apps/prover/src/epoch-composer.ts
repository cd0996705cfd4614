import { InvalidInputError, messageOf, ZkriskError } from '#lib/errors';
import type {
  EpochPayload,
  FilterStepPayload,
  ModelPayload,
  ProofJobPayload,
  StandingBookPayload,
} from '#lib/messages';
import {
  CLUSTER_SIZE,
  type CovarianceInput,
  covarianceRows,
  dequantise,
  type PricedBook,
  type PricingInput,
  pricingStatement,
  quantise,
} from '#lib/proofs';
import { type DeclaredModel, declaredModel } from './declared-model.js';

export interface EpochSchedule {
  /** bars from the first epoch of one run to the first of the next */
  readonly every: number;
  /** consecutive bars that are proven in a run: all but the first start where the one before ended */
  readonly run: number;
}

/** What the composer remembers besides the model, plain data. */
export interface ComposerState {
  /** the last bars of the filter, until their books come */
  readonly steps: readonly FilterStepPayload[];
  readonly runStart: number | null;
  /** where the last epoch ended */
  readonly last: {
    readonly barEnd: number;
    readonly modelVersion: number;
    readonly modelSalts: readonly number[];
    readonly correlationSalt: number;
    /** h′ of each group as its proof has it, and its salt */
    readonly states: readonly { readonly variances: readonly number[]; readonly salt: number }[];
  } | null;
}

export interface ComposedEpoch {
  readonly epoch: EpochPayload;
  readonly jobs: readonly ProofJobPayload[];
}

/** Why a bar that was due has no epoch. */
export class EpochNotProvableError extends ZkriskError {
  readonly code = 'epoch-not-provable';
}

/** A prover that is behind reads all steps before the first of their books. */
const KEPT_STEPS = 500;
const KEPT_MODELS = 4;

/** Puts models, filter steps and standing books together to the statements of an epoch. */
export class EpochComposer {
  /** by version: the last ones, as a prover that is behind still needs those before */
  private readonly models = new Map<
    number,
    { payload: ModelPayload; declared: DeclaredModel | ZkriskError }
  >();
  private state: ComposerState;

  constructor(
    private readonly schedule: EpochSchedule,
    /** a secret number of at most 2^15 with 24 bits after the point */
    private readonly salt: () => number,
    stored?: { readonly state: ComposerState | undefined; readonly models: readonly ModelPayload[] },
  ) {
    this.state = stored?.state ?? { steps: [], runStart: null, last: null };
    for (const model of stored?.models ?? []) this.onModel(model);
  }

  snapshot(): ComposerState {
    return this.state;
  }

  /** The models it needs after a restart, oldest first. */
  keptModels(): ModelPayload[] {
    return [...this.models.values()].map(({ payload }) => payload);
  }

  onModel(payload: ModelPayload): void {
    this.models.set(payload.version, { payload, declared: declaredOr(payload) });
    for (const version of [...this.models.keys()].slice(0, -KEPT_MODELS)) this.models.delete(version);
  }

  onStep(step: FilterStepPayload): void {
    if (this.schedule.every === 0) return;
    this.state = { ...this.state, steps: [...this.state.steps, step].slice(-KEPT_STEPS) };
  }

  /**
   * @returns the epoch of this book's bar; undefined where none is due
   * @throws {EpochNotProvableError} where one is due and cannot be proven
   */
  onBook(book: StandingBookPayload): ComposedEpoch | undefined {
    const step = this.state.steps.find(({ forecastId }) => forecastId === book.forecastId);
    if (step === undefined) return undefined;
    // Books come in order: what is before this one's bar is of no use any more.
    this.state = { ...this.state, steps: this.state.steps.filter(({ barEnd }) => barEnd >= step.barEnd) };
    const model = this.models.get(step.modelVersion);
    if (model === undefined) return undefined;
    const { barMs } = model.payload;
    const { runStart, last } = this.state;
    const bars = runStart === null ? Infinity : Math.round((step.barEnd - runStart) / barMs);
    if (bars < this.schedule.every && (bars >= this.schedule.run || bars <= 0)) return undefined;
    if (book.notionals.every((notional) => notional === 0)) return undefined;
    try {
      const composed = this.compose(
        book,
        step,
        model.declared,
        last?.barEnd === step.barEnd - barMs ? last : null,
      );
      // A bar that cannot be proven does not begin a run: the next one may.
      if (bars >= this.schedule.every) this.state = { ...this.state, runStart: step.barEnd };
      return composed;
    } catch (error) {
      if (error instanceof ZkriskError)
        throw new EpochNotProvableError(
          `the bar of ${book.forecastId} cannot be proven: ${messageOf(error)}`,
        );
      throw error;
    }
  }

  private compose(
    book: StandingBookPayload,
    step: FilterStepPayload,
    declared: DeclaredModel | ZkriskError,
    previous: ComposerState['last'],
  ): ComposedEpoch {
    if (declared instanceof ZkriskError) throw declared;
    if (book.tailFactor !== 1)
      throw new InvalidInputError('tailFactor', `must be 1 in these circuits, it is ${book.tailFactor}`);
    if (step.prices === null) throw new InvalidInputError('prices', 'are missing or stale in some market');
    const { prices } = step;
    const chained = previous !== null && previous.modelVersion === declared.version ? previous : null;
    const correlationSalt = chained?.correlationSalt ?? this.salt();
    const unit = unitOf(book);
    const indexOf = new Map(step.markets.map((market, i) => [market, i]));
    const exposureOf = new Map(book.markets.map((market, i) => [market, book.notionals[i] / unit]));
    const inputs = declared.groups.map((group, c): CovarianceInput => {
      const own = group.markets.map((market) => indexOf.get(market)!);
      return {
        loadings: group.loadings,
        mean: group.mean,
        alpha: group.alpha,
        beta: group.beta,
        slope: group.slope,
        marginal: group.marginal,
        horizon: group.horizon,
        variances:
          chained?.states[c].variances ??
          group.factors.map((factor, k) => step.before[factor] / group.longRun[k]),
        returns: own.map((i) => 100 * Math.log(prices[i].after / prices[i].before)),
        exposures: group.markets.map((market) => exposureOf.get(market) ?? 0),
        salts: {
          model: chained?.modelSalts[c] ?? this.salt(),
          state: chained?.states[c].salt ?? this.salt(),
          nextState: this.salt(),
          risk: this.salt(),
          drift: this.salt(),
        },
      };
    });
    const rows = inputs.map((input) => covarianceRows(input));
    const pricing = pricingOf(book, unit, declared, inputs, rows, correlationSalt);
    // What the circuit has no room for is found now and not in a worker.
    pricingStatement.inputs(pricing);
    const epochId = `epoch-${step.barEnd}`;
    const subject = { kind: 'forecast', id: book.forecastId } as const;
    const jobs: ProofJobPayload[] = inputs.map((input, c) => ({
      jobId: `${epochId}-covariance-${c}`,
      statement: 'covariance',
      subject,
      input: { ...input },
    }));
    const pricingId = `${epochId}-pricing`;
    jobs.push({
      jobId: pricingId,
      statement: 'pricing',
      subject: { kind: 'risk', id: book.forecastId },
      input: { ...pricing },
    });
    this.state = {
      ...this.state,
      last: {
        barEnd: step.barEnd,
        modelVersion: declared.version,
        modelSalts: inputs.map(({ salts }) => salts.model),
        correlationSalt,
        states: rows.map(({ nextState }, c) => ({
          variances: nextState.slice(0, inputs[c].loadings.length).map(dequantise),
          salt: inputs[c].salts.nextState,
        })),
      },
    };
    return {
      epoch: {
        epochId,
        forecastId: book.forecastId,
        barEnd: step.barEnd,
        barMs: declared.barMs,
        chained: chained !== null,
        unit,
        clusters: declared.groups.map(({ markets }, c) => ({ jobId: jobs[c].jobId, markets: [...markets] })),
        pricing: { jobId: pricingId },
        prices: step.markets.map((market, i) => ({ market, ...prices[i] })),
        entropicValueAtRisk: book.entropicValueAtRisk,
        riskMeasure: book.riskMeasure,
      },
      jobs,
    };
  }
}

/** A model as declared, or why it cannot be: said when an epoch is due. */
function declaredOr(payload: ModelPayload): DeclaredModel | ZkriskError {
  try {
    return declaredModel(payload);
  } catch (error) {
    if (error instanceof ZkriskError) return error;
    throw error;
  }
}

function pricingOf(
  book: StandingBookPayload,
  unit: number,
  { correlation }: DeclaredModel,
  inputs: readonly CovarianceInput[],
  rows: readonly ReturnType<typeof covarianceRows>[],
  correlationSalt: number,
): PricingInput {
  const net = inputs
    .flatMap(({ exposures }) => exposures)
    .reduce((sum, exposure) => sum + quantise(exposure, 'exposures'), 0n);
  const priced: PricedBook = {
    net: dequantise(net),
    entry: book.entry / unit,
    capital: book.capital / unit,
    liquidity: book.liquidity / unit,
    pending: book.pending / unit,
  };
  return {
    clusters: rows.map(({ risk, drift }, c) => {
      const numbers = (row: readonly bigint[]) => row.slice(0, CLUSTER_SIZE).map(dequantise);
      const { salts } = inputs[c];
      return {
        risk: numbers(risk),
        drift: numbers(drift),
        riskSalt: salts.risk,
        driftSalt: salts.drift,
        riskAfter: numbers(risk),
        riskAfterSalt: salts.risk,
      };
    }),
    correlation,
    correlationSalt,
    before: priced,
    after: priced,
    alpha: book.alpha,
  };
}

/** A power of two near the gross notional: what is large for the book is then of order one in the circuit. */
function unitOf({ notionals }: StandingBookPayload): number {
  const gross = notionals.reduce((sum, notional) => sum + Math.abs(notional), 0);
  return 2 ** Math.round(Math.log2(gross));
}
