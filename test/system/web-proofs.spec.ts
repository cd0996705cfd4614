import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liquidate, loadSolvers } from '#lib/liquidation';
import { outgoing, TOPICS } from '#lib/messages';
import { openTab, startBrowser } from '../support/browser.js';
import { eventually } from '../support/database.js';
import { randomCase } from '../support/liquidation-cases.js';
import { type MovedMarket, startMovedMarket } from '../support/moved-market.js';

const ID = 'page-liquidation';
const plan = liquidate(randomCase(9, { n: 3 }), await loadSolvers());
/** The key is made in the browser; on a busy machine that takes minutes. */
const PATIENCE_MS = 240_000;

describe('a proof, verified in the reader’s browser', () => {
  let market: MovedMarket;
  let browser: Browser;

  beforeAll(async () => {
    market = await startMovedMarket({ PROVER: 'on', PROVER_THREADS: '1', PROVE_LIQUIDATIONS: 'none' });
    const header = { id: ID, sequence: 1, time: market.time };
    const subject = { kind: 'other', id: ID, at: null } as const;
    await market.engine.log.publish([
      {
        ...outgoing(TOPICS.proofJobs, ID, header, {
          jobId: ID,
          statement: 'liquidation',
          subject,
          input: { plan },
        }),
        appendedAt: market.time,
      },
    ]);
    await eventually(
      async () =>
        ((await (await fetch(`${market.engine.url}/v1/proofs/${ID}`)).json()) as { status?: string })
          .status === 'proven',
      'the proof',
      PATIENCE_MS,
    );
    browser = await startBrowser();
  }, PATIENCE_MS);
  afterAll(async () => {
    await browser.close();
    await market.stop();
  });

  const checked = async (forge?: (document: { instances: string[]; artifacts: string }) => void) => {
    const { page, context, errors } = await openTab(browser);
    if (forge !== undefined)
      await page.route(`**/v1/proofs/${ID}`, async (route) => {
        const response = await route.fetch();
        const body = (await response.json()) as { document: { instances: string[]; artifacts: string } };
        forge(body.document);
        return route.fulfill({ response, json: body });
      });
    await page.goto(`${market.engine.url}/#/proofs/${ID}`);
    await page.getByRole('button', { name: 'Check it here' }).click();
    const notice = page.locator('.check .notice');
    await notice.waitFor({ timeout: PATIENCE_MS });
    const text = await notice.textContent();
    await context.close();
    return { text, errors };
  };

  it(
    'verifies as it was made',
    async () => {
      const { text, errors } = await checked();
      expect(text).toMatch(/Verifies in this browser/);
      expect(errors).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'is refused with another public value',
    async () => {
      const { text } = await checked((document) => {
        const [first] = document.instances;
        document.instances[0] = (first.startsWith('0') ? '1' : '0') + first.slice(1);
      });
      expect(text).toMatch(/Refused.*does not verify/);
    },
    PATIENCE_MS,
  );

  it(
    'is refused where it names another circuit',
    async () => {
      const { text } = await checked((document) => {
        document.artifacts = '0'.repeat(64);
      });
      expect(text).toMatch(/Refused.*other artifacts/);
    },
    PATIENCE_MS,
  );
});
