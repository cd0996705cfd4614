import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTab, startBrowser } from '../support/browser.js';
import { eventually } from '../support/database.js';
import { type MovedMarket, startMovedMarket } from '../support/moved-market.js';

interface Plan {
  fractions: number[];
  objective: number;
  case: { collateral: number };
}

describe('a certificate, checked in the reader’s browser', () => {
  let market: MovedMarket;
  let browser: Browser;
  let planId: string;

  beforeAll(async () => {
    market = await startMovedMarket();
    await market.open('bob', 9, { 'SIM-B': 50_000, 'SIM-C': 10_000 });
    await market.move({ 'SIM-B': 0.92 });
    await eventually(async () => (await market.client.liquidations()).length > 0, 'a plan');
    planId = (await market.client.liquidations())[0].planId;
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await market.stop();
  });

  const check = async (page: Page) => {
    await page.goto(`${market.engine.url}/#/liquidations/${planId}`);
    await page.getByRole('button', { name: 'Check it here' }).click();
    return page.locator('.check .notice').first().textContent();
  };

  it('holds as the engine has published it', async () => {
    const { page, context, errors } = await openTab(browser);
    expect(await check(page)).toMatch(/Holds.*checked in this browser/);
    expect(errors).toEqual([]);
    await context.close();
  });

  it.each([
    ['closes less', (plan: Plan) => (plan.fractions[0] *= 0.9)],
    ['claims another objective', (plan: Plan) => (plan.objective *= 0.99)],
    ['is of another account’s collateral', (plan: Plan) => (plan.case.collateral -= 1)],
  ])('is refused where the plan %s', async (_, forge) => {
    const { page, context } = await openTab(browser);
    await page.route(/\/v1\/liquidations\/[^?]+$/, async (route) => {
      if (route.request().url().endsWith('/stream')) return route.continue();
      const response = await route.fetch();
      const body = (await response.json()) as { plan: Plan };
      forge(body.plan);
      return route.fulfill({ response, json: body });
    });
    expect(await check(page)).toMatch(/Refused.*does not hold/);
    await context.close();
  });

  it('of anyone is checked as text, and text that is no plan is refused', async () => {
    const { page, context } = await openTab(browser);
    await page.goto(`${market.engine.url}/#/liquidations`);
    const { plan } = await market.client.liquidation(planId);
    const box = page.getByRole('textbox', { name: /A plan with its certificate/ });
    const button = page.getByRole('button', { name: 'Check this text here' });
    const verdict = page.locator('.check .notice');
    await box.fill(JSON.stringify(plan));
    await button.click();
    await verdict.filter({ hasText: 'Holds' }).waitFor();
    await box.fill('{"plan": {}}');
    await button.click();
    await verdict.filter({ hasText: 'Refused' }).waitFor();
    await box.fill('no JSON');
    await button.click();
    await verdict.filter({ hasText: 'Not checked' }).waitFor();
    await context.close();
  });
});
