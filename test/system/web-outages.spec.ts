import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTab, startBrowser } from '../support/browser.js';
import { type MovedMarket, startMovedMarket } from '../support/moved-market.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

describe('an engine that cannot be reached', () => {
  let market: MovedMarket;
  let browser: Browser;
  let cable: TcpProxy;
  let url: string;

  beforeAll(async () => {
    market = await startMovedMarket();
    cable = await startTcpProxy(Number(new URL(market.engine.url).port));
    url = `http://127.0.0.1:${cable.port}`;
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await cable.close();
    await market.stop();
  });

  it('is said to be, what was known stays, and the page comes back with it', async () => {
    const { page, context, errors } = await openTab(browser);
    await page.goto(`${url}/#/now`);
    const status = page.locator('.status');
    await status.getByText(/^. Live/).waitFor();
    await page.getByText('Distance to insolvency').waitFor();
    cable.cut();
    await status.getByText(/No answer for \d+ s/).waitFor();
    expect(await page.getByText('Distance to insolvency').isVisible()).toBe(true);
    await page
      .getByText(/Not renewed for \d+ s/)
      .first()
      .waitFor({ timeout: 30_000 });
    cable.mend();
    await status.getByText(/Live, resumed/).waitFor();
    await page
      .getByText(/Not renewed for/)
      .first()
      .waitFor({ state: 'detached' });
    // The browser itself reports each connection that it could not make.
    expect(errors.filter((text) => !text.startsWith('WebSocket connection to'))).toEqual([]);
    await context.close();
  });

  it('breaks the stream, which goes on after the last event: none is missed, none comes twice', async () => {
    const { page, context } = await openTab(browser);
    await page.goto(`${url}/#/now`);
    const tape = page.locator('section', { has: page.getByRole('heading', { name: 'Tape' }) });
    await tape.getByText('Live', { exact: false }).waitFor();
    await market.open('cid', 9, { 'SIM-B': 50_000 });
    await market.open('dan', 12, { 'SIM-C': 50_000 });
    await market.move({ 'SIM-B': 0.92 });
    await tape.getByText('cid').first().waitFor();
    const before = await tape.locator('li').count();
    cable.cut();
    await tape.getByText(/Broken for/).waitFor();
    await market.move({ 'SIM-C': 0.92 });
    cable.mend();
    await tape.getByText(/Live, resumed/).waitFor();
    await tape.getByText('dan').first().waitFor();
    const entries = await tape.locator('li').allTextContents();
    expect(entries.length).toBeGreaterThan(before);
    expect(new Set(entries).size).toBe(entries.length);
    await context.close();
  });
});
