import { generator } from '#lib/runtime';
import { AbstractPool, type BaseParameters, type SetWeights } from '../abstract-pool.js';
import { returnVariances } from '../estimators/covariance.js';
import { priceGradients } from '../estimators/gradient.js';
import { decayOfMemory } from '../estimators/memory.js';
import { parameterRows, weightRows } from '../parameters.js';
import type { PoolParameters } from '../pool-run.js';
import { type PricePath, thinned } from '../prices.js';
import type { Rule, RuleParameter } from '../rules/index.js';
import { checkTerms, fillWeights, WEIGHT_TERMS, type WeightTerms } from '../weights/weight-path.js';

export interface RulePoolTerms extends WeightTerms {
  /** of a row of the prices, hours */
  readonly rowHours: number;
}

const MEMORY: RuleParameter = {
  description: 'how far back the estimators look',
  unit: 'days',
  default: 14,
  search: [0.5, 365],
};
const WEIGHT_MEMORY: RuleParameter = {
  description: 'how far back the weights themselves look',
  unit: 'days',
  default: 14,
  search: [0.5, 365],
};

/** A pool whose weights follow a rule: a temporal-function market maker. */
export class RulePool extends AbstractPool {
  readonly name: string;
  readonly terms: RulePoolTerms;
  /** every parameter but the initial weights */
  readonly parameters: Readonly<Record<string, RuleParameter>>;

  constructor(
    readonly rule: Rule,
    terms: Partial<RulePoolTerms> = {},
  ) {
    super();
    this.name = rule.name;
    this.terms = { ...WEIGHT_TERMS, rowHours: 1, ...terms };
    this.parameters = {
      memoryDays: MEMORY,
      ...(rule.says === 'weights' && { weightMemoryDays: WEIGHT_MEMORY }),
      ...rule.parameters,
    };
  }

  override isTrainable(): boolean {
    return Object.values(this.parameters).some(({ search }) => search !== undefined);
  }

  override parameterNames(): readonly string[] {
    return ['initialWeights', ...Object.keys(this.parameters)];
  }

  override initBaseParameters({
    assets,
    sets = 1,
    spread = 0,
    seed = 1,
    initialWeights,
  }: BaseParameters): PoolParameters {
    const draw = generator(seed);
    const near = (parameter: RuleParameter) => () =>
      parameter.default * Math.exp(parameter.search === undefined ? 0 : spread * (2 * draw() - 1));
    const each = (value: () => number) => Array.from({ length: assets }, value);
    return {
      initialWeights: initialWeights ?? each(() => 1 / assets),
      ...Object.fromEntries(
        Object.entries(this.parameters).map(([name, parameter]) => [
          name,
          sets === 1 ? each(near(parameter)) : Array.from({ length: sets }, () => each(near(parameter))),
        ]),
      ),
    };
  }

  override weights(prices: PricePath, parameters: PoolParameters, sets: number): SetWeights {
    const { assets } = prices;
    const { updateEvery, rowHours } = this.terms;
    checkTerms(this.terms, assets);
    const initial = weightRows('initialWeights', parameters.initialWeights, assets, sets);
    const rows = Object.fromEntries(
      Object.keys(this.parameters).map((name) => [
        name,
        parameterRows(name, parameters[name], assets, sets, this.domain(name)),
      ]),
    );
    const stepDays = (updateEvery * rowHours) / 24;
    const decays = (days: Float64Array) => days.map((each) => decayOfMemory(each, stepDays));
    // The prices updates are made at: those of rows 0, updateEvery, 2·updateEvery, …
    const sampled = thinned(prices, updateEvery);
    return (set, over) => {
      const own = Object.fromEntries(Object.entries(rows).map(([name, values]) => [name, values[set]]));
      const decay = decays(own.memoryDays);
      const estimates =
        this.rule.sees === 'gradients'
          ? priceGradients(sampled, decay).subarray(assets)
          : returnVariances(sampled, decay);
      const weights = over ?? new Float64Array(prices.rows * assets);
      const inertia = this.rule.says === 'weights' ? decays(own.weightMemoryDays) : new Float64Array(assets);
      fillWeights(
        this.rule,
        { parameters: own, inertia, initialWeights: initial[set] },
        estimates,
        this.terms,
        weights,
      );
      return weights;
    };
  }

  private domain(name: string): { above: number } | { least: number } {
    return name === 'k' ? { least: 0 } : { above: 0 };
  }
}
