import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { valuationSeal } from '#lib/exchange';
import type { CovariancePayload, PricePayload, ValuationPayload } from '#lib/messages';
import { fake, messagesOf, ServiceBatch } from '../../../test/support/service-batch.js';
import type { VaultChain } from './vault-chain.js';
import { vaultConfig } from './vault.config.js';
import type { VaultReading, VaultRepository } from './vault.repository.js';
import { VaultService } from './vault.service.js';

const HOUR = 3_600_000;
const START = 1_700_006_400_000;
const SECRET = 'a secret for tests, to seal valuations';
const VAULT = `0x${'1'.repeat(40)}` as const;
const WEI = 10n ** 18n;

/** Half of the pool's value in BTC, half in the quote currency: 100 shares of 200. */
const holdings = {
  ...{ block: 7, counted: 40n * WEI, held: 50n * WEI, supply: 100n * WEI, settled: 30n * WEI },
  tokens: [
    { market: 'BTC', balance: WEI, weight: WEI / 2n },
    { market: 'USD', balance: 100n * WEI, weight: WEI / 2n },
  ],
};

/** A forecast by which BTC's log return has a standard deviation of 4 % over the horizon. */
const forecast = (change: Partial<CovariancePayload> = {}): CovariancePayload => ({
  ...{ forecastId: `1@${START}`, modelVersion: 1, barEnd: START, horizonMs: 24 * HOUR, markets: ['BTC'] },
  ...{ factors: 0, loadings: [], factorVariances: [], factorVarianceRates: [] },
  ...{ ownVariances: [0.0016], ownVarianceRates: [0.5] },
  ...{ tailFactors: [{ alpha: 0.01, factor: 1.5 }], stale: [], warmingUp: [], excluded: [] },
  ...change,
});

const tick = (price: string) => ({ kind: 'tick', market: 'BTC', price }) as PricePayload;

describe(VaultService, () => {
  afterEach(() => vi.restoreAllMocks());

  function service(read: VaultChain['read'], known?: VaultReading) {
    const saved: string[] = [];
    const keep = (what: string) => () => Promise.resolve(void saved.push(what));
    const repository = fake<VaultRepository>({
      load: () =>
        Promise.resolve({
          ...{ parameters: undefined, board: undefined, forecast: undefined, valuation: undefined },
          reading: known,
        }),
      saveBoard: keep('board'),
      saveForecast: keep('forecast'),
      saveReading: keep('reading'),
      saveValuation: keep('valuation'),
    });
    const chain = fake<VaultChain>({ read, vault: () => VAULT });
    const vault = new VaultService(vaultConfig({ VAULT: 'on', VALUATION_SECRET: SECRET }), repository, chain);
    return { vault, saved };
  }

  async function priced(vault: VaultService): Promise<void> {
    await vault.restore();
    await vault.onPrices(messagesOf([tick('100')], START), new ServiceBatch().context);
  }

  it('values the pool’s shares by the marks, holds back a haircut by the forecast, and seals the result', async () => {
    const { vault, saved } = service(() => Promise.resolve({ vault: VAULT, holdings }));
    await priced(vault);
    const batch = new ServiceBatch();
    await vault.onForecasts(messagesOf([forecast()]), batch.context);
    const [{ topic, key, payload }, ...others] = batch.published<ValuationPayload>();
    expect([topic, key, others]).toEqual(['valuations', 'vault', []]);
    const { seal, ...said } = payload;
    expect(said).toMatchObject({ provider: 'vault', vault: VAULT, block: 7 });
    expect([Number(said.units), Number(said.settled)]).toEqual([40, 30]);
    expect(Number(said.unitValue)).toBeCloseTo(2, 9);
    // Half of the basket moves: σ = 2 %.
    expect(said.haircut).toBeCloseTo(0.02 * 1.5 * Math.sqrt(-2 * Math.log(0.01)), 12);
    expect(seal).toBe(valuationSeal(SECRET, said, START));
    expect(saved).toEqual(['board', 'forecast', 'reading', 'valuation']);
    expect(vault.valuation!.volatility).toBeCloseTo(0.02, 12);
  });

  it('values with the last forecast of a batch, and sends one that does not hold to the dead letters', async () => {
    const { vault } = service(() => Promise.resolve({ vault: VAULT, holdings }));
    await priced(vault);
    const batch = new ServiceBatch();
    const broken = forecast({ ownVariances: [-1] });
    await vault.onForecasts(
      messagesOf([forecast(), forecast({ ownVariances: [0.0064] }), broken]),
      batch.context,
    );
    expect(batch.rejections.map(({ index }) => index)).toEqual([2]);
    expect(batch.published()).toHaveLength(1);
    expect(vault.valuation!.volatility).toBeCloseTo(0.04, 12);
  });

  it('goes on with the last reading while the chain is away, complains once, and values nothing it never read', async () => {
    const warned = vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    const away = () => Promise.reject(new Error('no answer\nat the node'));
    const known = { vault: VAULT, holdings, readAt: 1 };
    const { vault, saved } = service(away, known);
    await priced(vault);
    for (const expected of [1, 1]) {
      const batch = new ServiceBatch();
      await vault.onForecasts(messagesOf([forecast()]), batch.context);
      expect(batch.published()).toHaveLength(expected);
    }
    expect(warned.mock.calls).toEqual([['no answer']]);
    expect(saved).not.toContain('reading');

    // Another vault's reading, or none: no value is better than a wrong one.
    for (const reading of [undefined, { ...known, vault: `0x${'2'.repeat(40)}` }]) {
      const { vault: other } = service(away, reading);
      await priced(other);
      const batch = new ServiceBatch();
      await other.onForecasts(messagesOf([forecast()]), batch.context);
      expect(batch.published()).toEqual([]);
    }
  });

  it('values nothing while a token has no price', async () => {
    const warned = vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    const { vault } = service(() => Promise.resolve({ vault: VAULT, holdings }));
    await vault.restore();
    const batch = new ServiceBatch();
    await vault.onForecasts(messagesOf([forecast()]), batch.context);
    expect(batch.published()).toEqual([]);
    expect(warned.mock.calls[0][0]).toMatch(/BTC/);
  });
});
