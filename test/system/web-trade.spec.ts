import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTab, startBrowser } from '../support/browser.js';
import { type MovedMarket, startMovedMarket } from '../support/moved-market.js';

describe('a reader with a keyboard alone', () => {
  let market: MovedMarket;
  let browser: Browser;

  beforeAll(async () => {
    market = await startMovedMarket({ QUOTE_TTL_MS: '60000' });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await market.stop();
  });

  it('pays collateral in, asks for a price, takes it, and sees the position and what a shock would do', async () => {
    const { page, context, errors } = await openTab(browser);
    const { keyboard } = page;
    const focusOn = async (name: RegExp) => {
      for (let i = 0; i < 150; i++) {
        const focused = await page.evaluate(() => {
          const element = (
            globalThis as unknown as {
              document: {
                activeElement: {
                  textContent: string;
                  labels?: ArrayLike<{ textContent: string }>;
                  tagName: string;
                };
              };
            }
          ).document.activeElement;
          return `${element.tagName} ${element.labels?.[0]?.textContent ?? element.textContent}`;
        });
        if (name.test(focused)) return;
        await keyboard.press('Tab');
      }
      throw new Error(`${String(name)} cannot be reached by Tab`);
    };
    await page.goto(`${market.engine.url}/#/now`);
    await page.getByText('Distance to insolvency').waitFor();
    await keyboard.press('4');
    await page.getByText('The exchange knows no account “me”').waitFor();
    await focusOn(/^SUMMARY Pay collateral/);
    await keyboard.press('Enter');
    await focusOn(/^INPUT Amount/);
    await keyboard.type('20000');
    await focusOn(/^BUTTON Pay in/);
    await keyboard.press('Enter');
    await page.locator('main').getByText('20,000.00').first().waitFor();

    await page.goto(`${market.engine.url}/#/markets/SIM-C`);
    await page.getByRole('button', { name: 'Ask for a price' }).waitFor();
    await focusOn(/^INPUT Size/);
    await keyboard.type('12.5');
    await keyboard.press('Enter');
    await page.getByText('ρ before → after').waitFor();
    await focusOn(/^BUTTON Take it/);
    await keyboard.press('Enter');
    await page.getByText('Booked').waitFor();
    const { cross } = await market.client.account('me');
    expect(cross.positions).toMatchObject([{ market: 'SIM-C', size: 12.5 }]);

    await focusOn(/^A The account now/);
    await keyboard.press('Enter');
    await page.getByRole('row', { name: /SIM-C/ }).first().waitFor();
    await focusOn(/^BUTTON Compute/);
    await keyboard.press('Enter');
    await page.getByText(/if every mark moved at once/).waitFor();
    expect(errors).toEqual([]);
    await context.close();
  });

  it('is told why a trade is refused', async () => {
    const { page, context } = await openTab(browser);
    await page.goto(`${market.engine.url}/#/markets/SIM-A`);
    await page.getByLabel('Account').fill('poor');
    await page.getByLabel('Size, base units').fill('1');
    await page.getByRole('button', { name: 'Ask for a price' }).click();
    await page.getByRole('button', { name: 'Take it' }).click();
    await page
      .locator('.ticket .notice.bad')
      .getByText(/initial margin|unknown|margin/)
      .waitFor();
    await context.close();
  });
});
