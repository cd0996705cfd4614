import { OsqpError } from './errors.js';

/** OSQP's settings, by its own names in camel case; an omitted one keeps OSQP's default. */
export interface OsqpSettings {
  /** ADMM step size (0.1) */
  readonly rho?: number;
  /** ADMM regularisation (1e-6) */
  readonly sigma?: number;
  /** relaxation, in (0, 2) (1.6) */
  readonly alpha?: number;
  /** iterations of Ruiz equilibration; 0: none (10) */
  readonly scaling?: number;
  /** (4000) */
  readonly maxIter?: number;
  /** (1e-3) */
  readonly epsAbs?: number;
  /** (1e-3) */
  readonly epsRel?: number;
  /** (1e-4) */
  readonly epsPrimInf?: number;
  /** (1e-4) */
  readonly epsDualInf?: number;
  /** (true) */
  readonly adaptiveRho?: boolean;
  /** iterations between changes of rho (four times checkTermination): counted, not timed, so runs can be repeated */
  readonly adaptiveRhoInterval?: number;
  /** (5) */
  readonly adaptiveRhoTolerance?: number;
  /** solve the equality-constrained problem of the active set once more at the end (false) */
  readonly polish?: boolean;
  /** (3) */
  readonly polishRefineIter?: number;
  /** regularisation of polishing (1e-6) */
  readonly delta?: number;
  /** measure residuals in scaled units (false) */
  readonly scaledTermination?: boolean;
  /** iterations between checks; 0: never (25) */
  readonly checkTermination?: number;
  /** begin each solve where the last one ended (true) */
  readonly warmStart?: boolean;
  /**
   * ours, not OSQP's: refuse a P with an eigenvalue below −1e-10·max|P|, at set-up and whenever its values change; it
   * costs a factorisation (true)
   */
  readonly checkConvexity?: boolean;
}

type Kind = 'flag' | 'positive' | 'count' | 'natural' | 'non-negative' | 'relaxation';

/** In the order of the C side's enumeration. */
const ORDER: readonly (readonly [Exclude<keyof OsqpSettings, 'checkConvexity'>, Kind])[] = [
  ['rho', 'positive'],
  ['sigma', 'positive'],
  ['alpha', 'relaxation'],
  ['scaling', 'count'],
  ['maxIter', 'natural'],
  ['epsAbs', 'non-negative'],
  ['epsRel', 'non-negative'],
  ['epsPrimInf', 'positive'],
  ['epsDualInf', 'positive'],
  ['adaptiveRho', 'flag'],
  ['adaptiveRhoInterval', 'count'],
  ['adaptiveRhoTolerance', 'positive'],
  ['polish', 'flag'],
  ['polishRefineIter', 'count'],
  ['delta', 'positive'],
  ['scaledTermination', 'flag'],
  ['checkTermination', 'count'],
  ['warmStart', 'flag'],
];

const MEANING: Record<Kind, readonly [describes: string, holds: (value: number) => boolean]> = {
  flag: ['true or false', () => true],
  positive: ['a positive number', (value) => value > 0 && value < Infinity],
  'non-negative': ['a number of at least 0', (value) => value >= 0 && value < Infinity],
  count: ['a whole number of at least 0', (value) => Number.isInteger(value) && value >= 0],
  natural: ['a whole number of at least 1', (value) => Number.isInteger(value) && value >= 1],
  relaxation: ['between 0 and 2', (value) => value > 0 && value < 2],
};

/**
 * The settings as the C side reads them, NaN for a default.
 *
 * @throws {OsqpError} for a setting that OSQP does not have, or a value it cannot take
 */
export function settingValues(settings: OsqpSettings): Float64Array {
  for (const name of Object.keys(settings)) {
    if (name !== 'checkConvexity' && !ORDER.some(([known]) => known === name)) {
      throw new OsqpError('invalid-setting', `settings.${name}`, 'is not a setting of OSQP');
    }
  }
  return Float64Array.from(ORDER, ([name, kind]) => {
    const value = settings[name];
    if (value === undefined) return NaN;
    const [describes, holds] = MEANING[kind];
    const fits = kind === 'flag' ? typeof value === 'boolean' : typeof value === 'number' && holds(value);
    if (!fits) {
      throw new OsqpError(
        'invalid-setting',
        `settings.${name}`,
        `must be ${describes}, got ${String(value)}`,
      );
    }
    return Number(value);
  });
}
