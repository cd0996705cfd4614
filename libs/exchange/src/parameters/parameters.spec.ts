import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors';
import type { Message, ParameterCommandPayload, ParametersPayload, RiskParameters } from '#lib/messages';
import { contentDigest } from '../book/decided-command.js';
import { exchangeParameters, vestingOf } from './exchange-parameters.js';
import { newRules, rulesInForce } from './parameter-messages.js';
import { parameterSeal, ParameterSealError, requireParameterSeal } from './parameter-seal.js';
import { firstRules, requireSameModel, riskRules } from './risk-rules.js';

const FIRST = firstRules();
const tier = (...tiers: readonly (readonly [above: number, rate: number])[]) =>
  tiers.map(([above, rate]) => ({ above, rate }));
/** The first parameters with other floors of one market, or of all. */
const floored = (initial: object[], maintenance: object[], market?: string): RiskParameters => {
  const own = { initial, maintenance } as RiskParameters['margin']['floors']['default'];
  const { margin } = FIRST.parameters;
  const floors =
    market === undefined
      ? { ...margin.floors, default: own }
      : { ...margin.floors, markets: { [market]: own } };
  return { ...FIRST.parameters, margin: { ...margin, floors } };
};

describe(riskRules, () => {
  it('are the parameters with their version, digest and linear rates', () => {
    const rules = riskRules(3, FIRST.parameters);
    expect(rules).toMatchObject({
      version: 3,
      digest: contentDigest(FIRST.parameters),
      parameters: FIRST.parameters,
    });
    expect(rules.rates.of('A')).toEqual({ maintenance: 0.03, initial: 0.05 });
    const rates = { maintenance: 0.1, initial: 0.2 };
    const { margin } = FIRST.parameters;
    const other = {
      ...FIRST.parameters,
      margin: { ...margin, rates: { ...margin.rates, markets: { A: rates } } },
    };
    expect(riskRules(3, other).rates.of('A')).toEqual(rates);
    expect(riskRules(3, other).rates.of('B')).toEqual({ maintenance: 0.03, initial: 0.05 });
  });

  it('take floors of which the initial one is nowhere below the maintenance one', () => {
    const taken = (initial: object[], maintenance: object[], market?: string) => () =>
      riskRules(1, floored(initial, maintenance, market));
    expect(taken(tier([0, 0.02], [100, 0.04]), tier([0, 0.02], [100, 0.04]))).not.toThrow();
    expect(taken(tier([0, 0.01]), tier([0, 0.02]))).toThrow(
      'margin.floors.default.initial: is below the maintenance rate at 0',
    );
    // From 100 to 200 the maintenance rate has risen already.
    expect(taken(tier([0, 0.02], [200, 0.04]), tier([0, 0.01], [100, 0.03]))).toThrow(
      /default.initial.+ at 100$/,
    );
    expect(taken(tier([0, 0.02], [200, 0.04]), tier([0, 0.01], [200, 0.03]))).not.toThrow();
    expect(taken(tier([0, 0.01]), tier([0, 0.02]), 'A')).toThrow(/^margin.floors.A.initial/);
    expect(taken(tier([5, 0.02]), tier([0, 0.01]), 'A')).toThrow(InvalidInputError);
    expect(taken(tier([0, 0.02]), tier([5, 0.01]), 'A')).toThrow(/^margin.floors.A.maintenance/);
  });

  it('begin with the defaults and some changes, by name', () => {
    expect(FIRST.version).toBe(1);
    expect(firstRules({ credit: { loading: 7 } }).parameters.credit).toEqual({
      ...FIRST.parameters.credit,
      loading: 7,
    });
    expect(() => firstRules({ credit: { loading: -7 } })).toThrow(/^parameters.credit.loading/);
    expect(() => firstRules({ tax: 1 })).toThrow(InvalidInputError);
  });

  it('keep the model that the book was founded with', () => {
    const model = { ...FIRST.parameters.model, tailAlphas: [...FIRST.parameters.model.tailAlphas] };
    requireSameModel(FIRST.parameters, { model });
    expect(() => {
      requireSameModel(FIRST.parameters, { model: { ...model, alpha: 0.02 } });
    }).toThrow('parameters.model.alpha: is 0.01 since the book was founded and cannot become 0.02');
    expect(() => {
      requireSameModel(FIRST.parameters, { model: { ...model, tailAlphas: [0.01] } });
    }).toThrow(/tailAlphas/);
  });
});

describe('the machine’s parameters', () => {
  it('have spans in milliseconds, and premia of a 64th of the horizon vest together', () => {
    const rules = firstRules({ model: { barSeconds: 60, horizonBars: 64 } });
    expect(vestingOf(rules)).toEqual({ horizonMs: 3_840_000, bucketMs: 60_000 });
    expect(vestingOf(firstRules({ model: { barSeconds: 1, horizonBars: 0.03 } }))).toEqual({
      horizonMs: 30,
      bucketMs: 1,
    });
    expect(exchangeParameters(rules, 'secret')).toMatchObject({
      ...{ measure: 'evar', allocation: 'covariance', alpha: 0.01, horizonMs: 3_840_000, rules },
      marks: {
        orderSecret: 'secret',
        sourceStaleMs: 180_000,
        maximumStepMs: 86_400_000,
        maximumClockSkewMs: 5000,
      },
    });
    const slow = exchangeParameters(
      firstRules({ model: { barSeconds: 36_000 }, marks: { quorum: 3, wideConfidence: 0.2 } }),
      undefined,
    );
    expect(slow.marks).toMatchObject({
      maximumStepMs: 108_000_000,
      minimumStaleMs: 60_000,
      maximumStaleMs: 108_000_000,
      quorum: 3,
      wideConfidence: 0.2,
    });
    expect(
      exchangeParameters(firstRules({ model: { barSeconds: 10 } }), undefined).marks.minimumStaleMs,
    ).toBe(30_000);
    expect(vestingOf(firstRules({ model: { barSeconds: 1, horizonBars: 0.1 } })).bucketMs).toBe(1);
    expect(vestingOf(firstRules({ model: { barSeconds: 1, horizonBars: 0.19 } })).bucketMs).toBe(2);
  });
});

describe(newRules, () => {
  const message = (version: number, changes: object = {}, digest?: string) => {
    const { parameters, digest: own } = riskRules(version, { ...FIRST.parameters, ...changes });
    const payload = { version, digest: digest ?? own, parameters, by: 'olga', reason: 'a test', at: 1 };
    return { payload } as unknown as Message<ParametersPayload>;
  };
  const looser = { quoteTolerance: 0.5 };
  const taken = (...messages: readonly Message<ParametersPayload>[]) => {
    const refused: string[] = [];
    const rules = newRules(messages, FIRST, (index, reason) => refused.push(`${index} ${reason}`));
    return { rules, refused };
  };

  it('is the last version that is newer than the one in force', () => {
    expect(taken(message(1))).toEqual({ rules: undefined, refused: [] });
    const [second, third] = [message(2, looser), message(3)];
    const { rules, refused } = taken(second, third, message(2));
    expect([rules?.rules.version, rules?.message, refused]).toEqual([3, third.payload, []]);
    expect(rules?.rules.digest).toBe(third.payload.digest);
    // The same version with other parameters is another exchange's: it is taken, and found out by its digest.
    expect(taken(message(1, looser)).rules?.rules.parameters.quoteTolerance).toBe(0.5);
    expect(taken(message(0, looser)).rules).toBeUndefined();
  });

  it('puts aside a message whose digest or model is another one, and goes on', () => {
    const forged = message(2, looser, 'forged');
    const model = message(2, { model: { ...FIRST.parameters.model, alpha: 0.02 } });
    const { rules, refused } = taken(forged, model, message(2));
    expect(rules?.rules.version).toBe(2);
    expect(refused).toEqual([
      expect.stringMatching(/^0 digest: of version 2 is /),
      expect.stringMatching(/^1 parameters.model.alpha/),
    ]);
  });

  it('stops at a fault that is no refusal', () => {
    const broken = { payload: { ...message(2).payload, parameters: { margin: undefined } } } as never;
    expect(() => taken(broken)).toThrow(TypeError);
  });

  it('goes on with the version that was stored, of the same model', () => {
    const { payload } = message(4, looser);
    expect(rulesInForce(undefined, FIRST)).toBe(FIRST);
    expect(rulesInForce(payload, FIRST)).toMatchObject({ version: 4, parameters: looser });
    expect(() => rulesInForce(payload, firstRules({ model: { alpha: 0.02 } }))).toThrow(InvalidInputError);
  });
});

describe('the seal of a change', () => {
  const COMMAND: Omit<ParameterCommandPayload, 'seal'> = {
    ...{ commandId: 'c', base: 1, parameters: FIRST.parameters, by: 'olga', reason: 'a test', issuedAt: 5 },
  };
  const seal = parameterSeal('s', COMMAND);

  it('is of its content and the operator’s secret', () => {
    requireParameterSeal('s', { ...COMMAND, seal });
    const others: Partial<ParameterCommandPayload>[] = [
      ...[{ commandId: 'd' }, { base: 2 }, { by: 'otto' }, { reason: 'another' }, { issuedAt: 6 }],
      { parameters: { ...FIRST.parameters, quoteTolerance: 0.5 } },
    ];
    for (const change of others)
      expect(() => {
        requireParameterSeal('s', { ...COMMAND, ...change, seal });
      }).toThrow(ParameterSealError);
  });

  it('is refused of another secret, another length, and everywhere without a secret', () => {
    for (const forged of [parameterSeal('other', COMMAND), '', seal.slice(0, -2), `${seal}AA`])
      expect(() => {
        requireParameterSeal('s', { ...COMMAND, seal: forged });
      }).toThrow('was not sealed by the operator');
    expect(() => {
      requireParameterSeal(undefined, { ...COMMAND, seal });
    }).toThrow('MARKET_ORDER_SECRET is not set');
  });
});
