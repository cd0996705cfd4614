import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeys, signedHeaders } from '#lib/host';
import { outgoing, TOPICS } from '#lib/messages';
import { accessibilityViolations, openTab, startBrowser, type WatchedPage } from '../support/browser.js';
import { type MovedMarket, startMovedMarket } from '../support/moved-market.js';
import { quickParameters } from '../support/quick-parameters.js';

const ADMIN_SECRET = 'a secret for tests, of forty characters..';

describe('states of the exchange, each for what it is', () => {
  let market: MovedMarket;
  let early: MovedMarket;
  let browser: Browser;
  let tab: WatchedPage;

  beforeAll(async () => {
    market = await startMovedMarket({ ADMIN_SECRET, ADMIN_HOLDERS: '1' });
    // It has seen 60 of the 100 bars that it needs.
    early = await startMovedMarket({
      FIRST_PARAMETERS: quickParameters({ forecast: { minimumBars: 100, windowBars: 120 } }),
    });
    browser = await startBrowser();
    tab = await openTab(browser);
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await early.stop();
    await market.stop();
  });

  const status = (text: string | RegExp) => tab.page.locator('.status').getByText(text).waitFor();
  async function order(name: string, kind: 'halt' | 'resume'): Promise<void> {
    const { key } = await new ApiKeys(market.engine.database).create({
      ...{ label: `operator-${kind}`, scopes: ['admin'] },
    });
    const url = `/v1/admin/markets/${name}/orders`;
    const body = JSON.stringify({ by: 'olga', reason: 'a drill', order: kind });
    const call = { method: 'POST', url, body: Buffer.from(body), nonce: randomUUID() };
    const { status: answered } = await fetch(`${market.engine.url}${url}`, {
      ...{ method: 'POST', body },
      headers: {
        ...{ authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...signedHeaders(ADMIN_SECRET, call),
      },
    });
    expect(answered).toBe(202);
    await market.engine.log.drained(AbortSignal.timeout(20_000));
  }
  const rowOf = (name: string) => tab.page.getByRole('row', { name: new RegExp(name) });

  it('no forecast yet: how many bars are to go', async () => {
    const { page, context, errors } = await openTab(browser);
    const progress = (await (await fetch(`${early.engine.url}/v1/forecasts/latest/progress`)).json()) as {
      bars: number;
      needed: number;
    };
    expect(progress.bars).toBeLessThan(progress.needed);
    await page.goto(`${early.engine.url}/#/now`);
    await page
      .locator('main')
      .getByText(`${progress.needed - progress.bars} of ${progress.needed} bars to go`)
      .waitFor();
    await page
      .locator('.status')
      .getByText(/Warming up$/)
      .waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('uncertain: a print far off the others is held back, and said to be', async () => {
    await tab.page.goto(`${market.engine.url}/#/markets`);
    await status('Open');
    await market.tick({ 'SIM-D': 0.5 }, 6_000);
    await rowOf('SIM-D').getByText('uncertain').waitFor();
    await tab.page.goto(`${market.engine.url}/#/now`);
    const tape = tab.page.getByRole('list', { name: /newest first/ });
    await tape.getByText(/a price of [\d.]+ is held back, the mark stays/).waitFor();
    await tab.page.goto(`${market.engine.url}/#/markets`);
    await status('1 of 8 uncertain or stale');
    await market.tick({ 'SIM-D': 2 }, 6_000);
    await rowOf('SIM-D').getByText('ok').waitFor();
    await status('Open');
  });

  it('halted: by the operator, until it resumes', async () => {
    await order('SIM-E', 'halt');
    await status('1 of 8 halted');
    await rowOf('SIM-E').getByText('halted').waitFor();
    await order('SIM-E', 'resume');
    await status('Open');
  });

  it('a dead letter: its reason, and its return by the operator, whose secret stays in the page', async () => {
    const bad = outgoing(TOPICS.trades, 'me', { id: 'bad', sequence: 0, time: market.time }, {} as never);
    await market.engine.log.publish([bad]);
    const { key } = await new ApiKeys(market.engine.database).create({ label: 'letters', scopes: ['admin'] });
    const { page, context, errors } = await openTab(browser);
    const sent: string[] = [];
    page.on('request', (request) =>
      sent.push(`${request.url()} ${request.postData() ?? ''} ${JSON.stringify(request.headers())}`),
    );
    await page.goto(`${market.engine.url}/#/operations`);
    await page.getByRole('button', { name: 'Key and view' }).click();
    await page.getByLabel('API key').fill(key);
    await page.getByRole('button', { name: 'Done' }).click();
    const list = page.getByRole('button', { name: 'List', exact: true });
    await page.getByLabel('Admin secret').fill('another secret');
    await list.click();
    await page.getByText('the signature does not hold').waitFor();
    await page.getByLabel('Admin secret').fill(ADMIN_SECRET);
    await list.click();
    const letters = page.getByRole('group', { name: 'Dead letters' });
    await letters.getByText('payload').first().waitFor();
    await letters.getByRole('button', { name: 'Publish again' }).first().click();
    await page.getByText('was published again').waitFor();
    // Nothing was mended: it comes back.
    await expect
      .poll(async () => {
        await list.click();
        return letters.locator('tbody tr').count();
      })
      .toBe(2);
    expect(sent.some((request) => request.includes('/v1/admin/dead-letters/trades'))).toBe(true);
    expect(sent.filter((request) => request.includes(ADMIN_SECRET))).toEqual([]);
    expect(await accessibilityViolations(page)).toEqual([]);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('insolvent: what traders are owed is more than there is', async () => {
    await market.open('ann', 4, { 'SIM-A': 600_000 });
    for (let step = 0; step < 11; step++) await market.move({ 'SIM-A': 1.15 });
    await tab.page.goto(`${market.engine.url}/#/liquidity`);
    await status('Insolvent');
    await tab.page.locator('main').getByText('insolvent: needs').waitFor();
    expect(await accessibilityViolations(tab.page)).toEqual([]);
    expect(tab.errors).toEqual([]);
  });
});
