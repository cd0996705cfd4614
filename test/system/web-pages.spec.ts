import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityViolations, openTab, startBrowser } from '../support/browser.js';
import { labEventLines } from '../support/lab-events.js';
import { type MovedMarket, startMovedMarket } from '../support/moved-market.js';

/** A text of each page once it has its figures. */
const PAGES = {
  now: 'Distance to insolvency',
  markets: 'Euler share',
  'markets/SIM-A': 'Ask for a price',
  risk: 'Strongest',
  'account/ann': 'Liquidated at',
  liquidations: 'superseded|open|executed',
  liquidity: 'Shares outstanding',
  proofs: 'makes no proofs',
  operations: 'Records behind',
};

describe('each page', () => {
  let market: MovedMarket;
  let browser: Browser;

  beforeAll(async () => {
    market = await startMovedMarket();
    await market.open('ann', 4, { 'SIM-A': 40_000, 'SIM-C': -20_000 });
    await market.open('bob', 9, { 'SIM-B': 50_000 });
    await market.move({ 'SIM-B': 0.92 });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await market.stop();
  });

  for (const width of [1440, 390])
    for (const scheme of ['light', 'dark'] as const)
      it(`shows its figures without a violation at ${width} px, ${scheme}`, async () => {
        const { page, context, errors } = await openTab(browser, { width, scheme });
        for (const [path, shown] of Object.entries(PAGES)) {
          await page.goto(`${market.engine.url}/#/${path}`);
          await page.locator('main').getByText(new RegExp(shown)).first().waitFor();
          expect([path, await accessibilityViolations(page)]).toEqual([path, []]);
          const beyond = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
          expect([path, beyond]).toEqual([path, 0]);
        }
        expect(errors).toEqual([]);
        await context.close();
      });

  it('shows what would be liquidated, prices by size, and an account’s past', async () => {
    const { page, context, errors } = await openTab(browser);
    /** Cells of a table, row by row. */
    const rows = async (path: string, table: string) => {
      await page.goto(`${market.engine.url}/#/${path}`);
      const body = page.getByRole('group', { name: table }).locator('tbody tr');
      await body.first().waitFor();
      return Promise.all((await body.all()).map((row) => row.locator('th, td').allTextContents()));
    };
    const number = (text: string) => Number.parseFloat(text.replaceAll(',', '').replace('−', '-'));
    const ladder = await rows('liquidations', 'Liquidation ladder');
    expect(ladder.map(([move]) => number(move))).toEqual([-40, -20, -10, -5, 5, 10, 20, 40]);
    const liquidated = ladder.map(([, accounts]) => number(accounts));
    // The further marks fall, the more; both accounts are long, on balance.
    expect(liquidated.slice(0, 4)).toEqual([...liquidated.slice(0, 4)].sort((a, b) => b - a));
    expect(liquidated[0]).toBeGreaterThanOrEqual(1);
    const prices = await rows('markets/SIM-A', 'Prices by size');
    expect(prices.length).toBeGreaterThan(3);
    for (const [, , sold, bought] of prices) expect(number(sold)).toBeLessThanOrEqual(number(bought));
    const changes = await rows('account/ann', 'Changes of the account');
    expect(
      changes.some(([, , , positions]) => /SIM-A \d/.test(positions) && /SIM-C -\d/.test(positions)),
    ).toBe(true);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('has what an account has paid, what providers have earned, and funding of thirty days, as history keeps them', async () => {
    const { page, context, errors } = await openTab(browser);
    const history = async (series: string) => {
      const url = `${market.engine.url}/v1/history/${series}?from=946684800000&to=4000000000000&step=1d`;
      const { columns, rows } = (await (await fetch(url)).json()) as { columns: string[]; rows: unknown[][] };
      return (column: string) => rows.reduce((sum, row) => sum + Number(row[columns.indexOf(column)]), 0);
    };
    const figure = async (name: string) => {
      const fact = page.locator('main dl.facts > div').filter({ has: page.getByText(name, { exact: true }) });
      return Number(await fact.locator('data').first().getAttribute('value'));
    };
    const charged = await history('accounts/ann/charges');
    await page.goto(`${market.engine.url}/#/account/ann`);
    await page.getByRole('heading', { name: 'Paid, thirty days' }).waitFor();
    expect(await figure('Premia for risk')).toBeCloseTo(charged('risk'), 6);
    expect(await figure('Funding')).toBeCloseTo(charged('funding'), 6);
    expect(charged('risk')).not.toBe(0);

    await page.goto(`${market.engine.url}/#/now`);
    await page.getByText('Premia of the last day').waitFor();
    expect(await figure('Premia of the last day')).toBeCloseTo((await history('premia'))('risk'), 4);

    const { liquidityLeaving } = (await (await fetch(`${market.engine.url}/v1/book`)).json()) as {
      liquidityLeaving: { locked: number };
    };
    expect(liquidityLeaving.locked).toBe(0);
    const body = JSON.stringify({ provider: 'lp-1', amount: '1000', mode: 'locked' });
    const answered = await fetch(`${market.engine.url}/v1/liquidity/withdrawals`, {
      ...{ method: 'POST', body, headers: { 'content-type': 'application/json' } },
    });
    await page.goto(`${market.engine.url}/#/liquidity`);
    await page.getByText('Shares locked for withdrawal').waitFor();
    expect(answered.status).toBe(201);
    await page
      .getByText('1 withdrawals, 0 wait for marks')
      .or(page.getByText('0 withdrawals, 1 wait'))
      .waitFor();

    await page.goto(`${market.engine.url}/#/markets`);
    const heads = await page.getByRole('group', { name: 'Markets' }).locator('thead th').allTextContents();
    const row = page.getByRole('row', { name: /SIM-A/ });
    const cell = (name: string) =>
      row.locator('th, td').nth(heads.findIndex((head) => head.startsWith(name)));
    await cell('30 days').locator('data').waitFor();
    const risk = (await (await fetch(`${market.engine.url}/v1/risk`)).json()) as {
      tailFactor: number;
      alpha: number;
    };
    const forecast = (await (await fetch(`${market.engine.url}/v1/forecasts/latest`)).json()) as {
      markets: string[];
      volatility: number[];
    };
    const margin =
      risk.tailFactor *
      Math.sqrt(-2 * Math.log(risk.alpha)) *
      forecast.volatility[forecast.markets.indexOf('SIM-A')];
    expect(Number(await cell('Margin').locator('data').getAttribute('value'))).toBeCloseTo(margin, 10);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('has the service levels with their burn rates, and the table of the last drills', async () => {
    const { page, context, errors } = await openTab(browser);
    await page.goto(`${market.engine.url}/#/operations`);
    const levels = page.getByRole('group', { name: 'Service levels' });
    await levels.getByText('quotes within 250 ms').waitFor();
    await page.getByRole('group', { name: 'Drills' }).getByText('disk full').first().waitFor();
    expect(errors).toEqual([]);
    await context.close();
  });

  it('says how old its figures are by the market’s time, and turns a market that has no tick stale', async () => {
    const { page, context } = await openTab(browser);
    await page.goto(`${market.engine.url}/#/markets`);
    const row = page.getByRole('row', { name: /SIM-H/ });
    await row.getByText('ok').waitFor();
    // Longer than three bars without a tick of this market alone.
    for (let hours = 0; hours < 4; hours++) await market.move({}, { stepMs: 3_600_000, silent: ['SIM-H'] });
    await row.getByText('stale').waitFor();
    expect(await row.locator('.age.stale').textContent()).toMatch(/^4 h/);
    await page.locator('.status').getByText('1 of 8 uncertain or stale').waitFor();
    await context.close();
  });

  it('has the engine’s own stress of the book, and its certified distance', async () => {
    const { page, context } = await openTab(browser);
    const { scenarios, distance } = (await (await fetch(`${market.engine.url}/v1/stress`)).json()) as {
      scenarios: { name: string }[];
      distance: { insolvency: { atLeast: number } };
    };
    await page.goto(`${market.engine.url}/#/risk`);
    const table = page.getByRole('group', { name: 'The book under moves of all markets at once' });
    await table.getByText(scenarios[0].name, { exact: true }).first().waitFor();
    await page.goto(`${market.engine.url}/#/now`);
    await page.locator(`main data[title="${distance.insolvency.atLeast}"]`).first().waitFor();
    await context.close();
  });

  it('scrubs through a crash under two rule sets', async () => {
    const { page, context, errors } = await openTab(browser);
    await page.goto(`${market.engine.url}/#/lab`);
    const [ours, theirs] = await Promise.all((['zkrisk', 'linear'] as const).map(labEventLines));
    const file = (name: string, text: string) => ({
      ...{ name, mimeType: 'application/x-ndjson', buffer: Buffer.from(text) },
    });
    await page.getByLabel('Left run').setInputFiles(file('zkrisk.ndjson', ours));
    await page.getByLabel('Right run').setInputFiles(file('broken.ndjson', 'not JSON'));
    await page.getByText('broken.ndjson: line 1 is not JSON').waitFor();
    await page.getByLabel('Right run').setInputFiles(file('linear.ndjson', theirs));
    await page.getByText('Right: linear.ndjson').waitFor();
    const slider = page.getByRole('slider');
    expect(await slider.inputValue()).toBe('0');
    await page.getByRole('button', { name: 'Go to the worst bar' }).click();
    const worst = Number(await slider.inputValue());
    expect(worst).toBeGreaterThan(70);
    // Both are at the same bar: its events are on either side.
    await page
      .getByRole('list', { name: /in this bar, Left/ })
      .getByText('liquidated')
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Play' }).click();
    await expect
      .poll(async () => Number(await slider.inputValue()), { timeout: 20_000 })
      .toBeGreaterThan(worst);
    expect(await accessibilityViolations(page)).toEqual([]);
    expect(errors).toEqual([]);
    await context.close();
  });
});
