import { afterEach, describe, expect, it } from 'vitest';
import type { StoredForecaster } from '#lib/forecasting';
import type { CovariancePayload, ModelPayload, PricePayload } from '#lib/messages';
import { randomStream } from '#lib/runtime';
import { quickParameters } from '../../../test/support/quick-parameters.js';
import { fake, messagesOf, ServiceBatch } from '../../../test/support/service-batch.js';
import { forecasterConfig } from './forecaster.config.js';
import type { ForecasterChanges, ForecasterRepository } from './forecaster.repository.js';
import { ForecasterService } from './forecaster.service.js';

const HOUR = 3_600_000;
const START = 1_700_006_400_000;
const config = forecasterConfig({
  FIRST_PARAMETERS: quickParameters({ forecast: { refitEveryBars: 1000 } }),
});

interface Input {
  readonly payload: PricePayload;
  readonly time: number;
}

/** Prices of two markets at the end of each bar, and the watermark behind them. */
function bars(): (bar: number) => Input[] {
  const random = randomStream(8);
  const prices = new Map([
    ['A', 100],
    ['B', 20],
  ]);
  return (bar) => {
    const common = 0.002 * random.normal();
    const time = START + bar * HOUR;
    const inputs: Input[] = [];
    for (const [market, before] of prices) {
      const price = before * Math.exp(common + 0.001 * random.normal());
      prices.set(market, price);
      inputs.push({ payload: { kind: 'tick', market, price: price.toFixed(6) }, time: time - 1000 });
    }
    return [...inputs, { payload: { kind: 'watermark', until: time }, time }];
  };
}

describe(ForecasterService, () => {
  let services: ForecasterService[] = [];
  afterEach(async () => {
    await Promise.all(services.map((service) => service.close()));
    services = [];
  });

  function started(stored: () => StoredForecaster | undefined, saved: ForecasterChanges[] = []) {
    const repository = fake<ForecasterRepository>({
      load: () => Promise.resolve(stored()),
      parameters: () => Promise.resolve(undefined),
      save: (_, changes) => Promise.resolve(void saved.push(changes)),
    });
    const service = new ForecasterService(config, repository);
    services.push(service);
    return { service, saved };
  }

  async function batch(service: ForecasterService, messages: readonly Input[]) {
    const given = new ServiceBatch();
    await service.onPrices(
      messages.map(({ payload, time }, sequence) => ({
        ...messagesOf([payload], time)[0],
        sequence: time + sequence,
      })),
      given.context,
    );
    given.commit();
    return given;
  }

  it('tells how far it is, then publishes its model once and a forecast a bar', async () => {
    const { service } = started(() => undefined);
    await service.restore();
    const next = bars();
    const seen: Record<string, unknown[]> = {};
    for (let bar = 1; bar <= 40; bar++)
      for (const { topic, payload } of (await batch(service, next(bar))).published()) {
        seen[topic] ??= [];
        seen[topic].push(payload);
      }
    const { covariance, models, 'warm-up': warmUp } = seen;
    expect(models).toHaveLength(1);
    const [model] = models as ModelPayload[];
    expect(model).toMatchObject({ version: 1, barMs: HOUR, horizonBars: 8 });
    expect((covariance as CovariancePayload[]).every(({ modelVersion }) => modelVersion === 1)).toBe(true);
    expect(warmUp.length + covariance.length).toBe(40);
    expect(service.forecast()).toEqual(covariance.at(-1));
    expect(service.model()!.version).toBe(1);
  });

  it('sends a price that cannot be taken to the dead letters, and goes on', async () => {
    const { service } = started(() => undefined);
    await service.restore();
    const next = bars();
    const [a, b, mark] = next(1);
    const dead = { payload: { kind: 'tick', market: 'A', price: '-1' } as PricePayload, time: a.time };
    const given = await batch(service, [a, dead, b, mark]);
    expect(given.rejections.map(({ index }) => index)).toEqual([1]);
    expect(service.rejectedTicks).toBe(1);
  });

  it('takes up what its tables hold where a batch was rolled back: the same batch gives the same again', async () => {
    let stored: StoredForecaster | undefined;
    const kept: StoredForecaster['bars'][number][] = [];
    const { service, saved } = started(() => stored);
    await service.restore();
    const next = bars();
    for (let bar = 1; bar <= 38; bar++) {
      await batch(service, next(bar));
      const { state, bars: closed, model = stored?.model, tails, baseline } = saved.at(-1)!;
      kept.push(...closed);
      stored = { state, bars: [...kept], model, tails, baseline };
    }
    const messages = next(39);
    const first = (await batch(service, messages)).published();
    await service.restore();
    expect(service.forecast()!.barEnd).toBe(START + 38 * HOUR);
    expect((await batch(service, messages)).published()).toEqual(first);
    expect(first.map(({ topic }) => topic)).toContain('covariance');
  });
});
