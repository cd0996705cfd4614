import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventLog } from '#lib/events';
import type { PricePayload } from '#lib/messages';
import { ConfigurationError } from '#lib/service';
import { coinbaseFrame, LocalVenue, until } from '../../../test/support/local-venue.js';
import { fake } from '../../../test/support/service-batch.js';
import { venuesConfig } from './venues.config.js';
import { VenuesService } from './venues.service.js';

type Published = Parameters<EventLog['publish']>[0];

describe(VenuesService, () => {
  let venue: LocalVenue;
  let service: VenuesService;
  let published: Published[number][];
  /** while it is set the log takes nothing */
  let broken: string | undefined;

  const payloads = () =>
    published.map(({ value }) => (JSON.parse(value) as { payload: PricePayload }).payload);
  const configured = (urls: string) =>
    venuesConfig({ VENUES: 'ETH=coinbase:ETH-USD', VENUE_URLS: urls, VENUE_TICK_MS: '1' });

  beforeEach(async () => {
    published = [];
    broken = undefined;
    venue = await LocalVenue.open();
    const log = fake<EventLog>({
      publish: (messages) => {
        if (broken !== undefined) return Promise.reject(new Error(broken));
        published.push(...messages);
        return Promise.resolve();
      },
    });
    service = new VenuesService(log, configured(`coinbase=${venue.url}`), () => 0);
    service.start();
    await until(() => venue.subscribed.length === 1, 'subscription');
  });
  afterEach(async () => {
    await service.close();
    venue.close();
  });

  it('publishes a venue’s price as a tick of the market, with the venue as its source', async () => {
    venue.send(coinbaseFrame(7, 2000));
    await until(() => published.length === 1, 'tick');
    const [{ topic, key, value }] = published;
    expect([topic, key]).toEqual(['prices', 'ETH']);
    const message = JSON.parse(value) as { id: string; sequence: number; time: number };
    expect(message.id).toBe(`coinbase:ETH:${message.time}:${message.sequence}`);
    expect(payloads()).toEqual([
      expect.objectContaining({ kind: 'tick', market: 'ETH', source: 'coinbase', price: '2000' }),
    ]);
    expect(service.published).toBe(1);
  });

  it('is ready as long as a venue has sent something lately', async () => {
    venue.send(coinbaseFrame(1, 2000));
    await until(() => published.length === 1, 'tick');
    expect(service.isReady(60_000)).toBe(true);
    expect(service.isReady(-1)).toBe(false);
  });

  it('sends the newest price of a market once the log takes messages again, and complains once', async () => {
    const warned = vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    broken = 'no broker';
    venue.send(coinbaseFrame(1, 2000));
    await until(() => service.failures > 1, 'failures');
    venue.send(coinbaseFrame(2, 2100));
    const failures = service.failures;
    await until(() => service.failures > failures + 3, 'more failures');
    expect(published).toEqual([]);
    expect(warned.mock.calls).toEqual([['log: no broker']]);
    broken = undefined;
    await until(() => published.length > 0, 'tick');
    expect(payloads().map((payload) => payload.kind === 'tick' && payload.price)).toEqual(['2100']);
    expect(service.published).toBe(1);
    // Another failure of the log is another complaint.
    broken = 'no broker';
    venue.send(coinbaseFrame(3, 2200));
    await until(() => warned.mock.calls.length === 2, 'second complaint');
  });

  it.each(['coinbase', 'nowhere=wss://example.org', 'coinbase=https://example.org'])(
    'refuses %s for an address, by the name of its variable',
    (urls) => {
      expect(() => new VenuesService(fake<EventLog>({}), configured(urls))).toThrow(ConfigurationError);
      expect(() => new VenuesService(fake<EventLog>({}), configured(urls))).toThrow(/VENUE_URLS/);
    },
  );
});
