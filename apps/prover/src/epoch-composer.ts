import { bytesOf, totalsOf } from '#lib/commitment';
import { InvalidInputError, messageOf, ZkriskError } from '#lib/errors';
import type {
  EpochPayload,
  FilterStepPayload,
  ModelPayload,
  ProofJobPayload,
  StandingBookPayload,
} from '#lib/messages';
import {
  type BarInput,
  barRows,
  barValues,
  type FactorState,
  SCALE_BITS,
  splitBar,
  stateNumbers,
} from '#lib/proofs';
import { liabilityRisk } from '#lib/risk';
import { type DeclaredModel, declaredOr } from './declared-model.js';
import { EpochNotProvableError } from './errors.js';

export interface EpochSchedule {
  /** bars from the first epoch of one run to the first of the next */
  readonly every: number;
  /** consecutive bars that are proven in a run: all but the first start where the one before ended */
  readonly run: number;
}

/** State of the composer besides the model, plain data. */
export interface ComposerState {
  /** the last bars of the filter, until their books come */
  readonly steps: readonly FilterStepPayload[];
  readonly runStart: number | null;
  /** where the last epoch ended */
  readonly last: {
    readonly barEnd: number;
    readonly modelVersion: number;
    /** of each part: the model's salt, and the state as its proof has it with its own */
    readonly parts: readonly {
      readonly modelSalt: string;
      readonly state: FactorState;
      readonly stateSalt: string;
    }[];
  } | null;
}

export interface ComposedEpoch {
  readonly epoch: EpochPayload;
  readonly jobs: readonly ProofJobPayload[];
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
    /** 62 random hexadecimal digits */
    private readonly salt: () => string,
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
    // Books come in order: older bars are not needed any more.
    this.state = { ...this.state, steps: this.state.steps.filter(({ barEnd }) => barEnd >= step.barEnd) };
    const model = this.models.get(step.modelVersion);
    if (model === undefined) return undefined;
    const { barMs } = model.payload;
    const { runStart, last } = this.state;
    const bars = runStart === null ? Infinity : Math.round((step.barEnd - runStart) / barMs);
    if (bars < this.schedule.every && (bars >= this.schedule.run || bars <= 0)) return undefined;
    if (book.sizes.every((size) => Number(size) === 0)) return undefined;
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
    if (step.prices === null) throw new InvalidInputError('prices', 'are missing or stale in some market');
    const { prices } = step;
    const { commitment } = book;
    if (commitment === null)
      throw new InvalidInputError('commitment', 'is missing: the book was not committed to');
    const chained = previous !== null && previous.modelVersion === declared.version ? previous : null;
    const notionals = notionalsOf(book, step.markets, prices);
    const unit = unitOf(notionals);
    const states = chained?.parts.map(({ state }) => state) ?? declared.statesOf(step.before);
    const indexOf = new Map(step.markets.map((market, i) => [market, i]));
    const inputs = joined(
      declared.parts.map(({ markets, model }, p): BarInput => {
        const own = markets.map((market) => prices[indexOf.get(market)!]);
        return {
          model: { ...model, salt: chained?.parts[p].modelSalt ?? this.salt() },
          state: states[p],
          stateSalt: chained?.parts[p].stateSalt ?? this.salt(),
          nextStateSalt: this.salt(),
          returns: own.map(({ before, after }) => 100 * Math.log(after / before)),
          exposures: markets.map((market) => (notionals.get(market) ?? 0) / unit),
          book: {
            entry: book.entry / unit,
            capital: book.capital / unit,
            liquidity: book.liquidity / unit,
            pending: book.pending / unit,
          },
          alpha: book.alpha,
          tailFactor: book.tailFactor,
        };
      }),
    );
    // An input that does not fit the circuit is refused here, not in a worker.
    for (const input of inputs) barRows(input);
    const epochId = `epoch-${step.barEnd}`;
    const jobs = inputs.map((input, p): ProofJobPayload => ({
      jobId: `${epochId}-bar-${p}`,
      statement: 'bar',
      subject: { kind: 'risk', id: book.forecastId, at: null },
      input: { ...input },
    }));
    this.state = {
      ...this.state,
      last: {
        barEnd: step.barEnd,
        modelVersion: declared.version,
        parts: inputs.map((input) => ({
          modelSalt: input.model.salt,
          state: stateNumbers(barValues(input).after, input.model.scores.length, input.model.units.length),
          stateSalt: input.nextStateSalt,
        })),
      },
    };
    return {
      epoch: {
        epochId,
        forecastId: book.forecastId,
        barEnd: step.barEnd,
        barMs: declared.barMs,
        horizonBars: declared.horizonBars,
        chained: chained !== null,
        unit,
        bars: declared.parts.map(({ markets }, p) => ({ jobId: jobs[p].jobId, markets: [...markets] })),
        prices: step.markets.map((market, i) => ({ market, ...prices[i] })),
        book: commitment,
        ...riskOf(book, notionals, inputs[0], unit),
      },
      jobs,
    };
  }
}

/** Inputs of a bar's proofs, each with the other's public values. */
function joined(inputs: readonly BarInput[]): readonly BarInput[] {
  return inputs.length === 2 ? splitBar(inputs[0], inputs[1]) : inputs;
}

/**
 * Signed notional by market at the bar's closing prices, which a chain holds: the marks of the moment it does not know.
 *
 * @throws {InvalidInputError} for a position, of the pool or of any account, in a market that the model leaves out: no proof would include it
 */
function notionalsOf(
  { markets, sizes, commitment }: StandingBookPayload,
  modelled: readonly string[],
  prices: NonNullable<FilterStepPayload['prices']>,
): Map<string, number> {
  const priceOf = new Map(modelled.map((market, i) => [market, prices[i].after]));
  const open = markets.filter((_, i) => Number(sizes[i]) !== 0);
  const outside = [...open, ...marketsOf(commitment!.sums)].find((market) => !priceOf.has(market));
  if (outside !== undefined)
    throw new InvalidInputError('sizes', `include a position in ${outside}, which the model leaves out`);
  return new Map(markets.map((market, i) => [market, Number(sizes[i]) * (priceOf.get(market) ?? 0)]));
}

/** Markets in which any account has a position. */
function marketsOf(sums: string): string[] {
  return totalsOf(bytesOf(sums)).markets.map(({ market }) => market);
}

/** EVaR and ρ of the book at the bar's prices, in floats, with the proven volatility, to compare the chain's with. */
function riskOf(
  { entry, capital, liquidity, pending, tailFactor, alpha }: StandingBookPayload,
  notionals: ReadonlyMap<string, number>,
  input: BarInput,
  unit: number,
): Pick<EpochPayload, 'entropicValueAtRisk' | 'riskMeasure'> {
  let net = 0;
  for (const notional of notionals.values()) net += notional;
  const volatility = (Number(barValues(input).s) / 2 ** SCALE_BITS / 100) * unit;
  const mean = net - entry - capital - liquidity;
  const { value } = liabilityRisk('evar', mean, tailFactor * volatility, Math.log(alpha));
  return { entropicValueAtRisk: value, riskMeasure: value - pending };
}

/** A power of two that makes the gross notional 64 to 128 units. */
function unitOf(notionals: ReadonlyMap<string, number>): number {
  let gross = 0;
  for (const notional of notionals.values()) gross += Math.abs(notional);
  return 2 ** (Math.floor(Math.log2(gross)) - 6);
}
