import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { type Address, encodeDeployData } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedChain, marketBytes, ORACLE_ABI, startEmbeddedChain, Transactor } from '#lib/chain';
import { barRows, barStatement, fieldElement } from '#lib/proofs';
import { writeDeployment } from '../../apps/settlement/src/index.js';
import { accessibilityViolations, openTab, startBrowser } from '../support/browser.js';
import { randomBar } from '../support/factor-cases.js';
import { type MovedMarket, startMovedMarket } from '../support/moved-market.js';
import { OracleChain } from '../support/oracle-chain.js';
import { compiled } from '../support/solidity.js';
import { witnessOf } from '../support/witness.js';

const DELAY_SECONDS = 3600;
const MARKETS = ['SIM-A', 'SIM-B', 'SIM-C'];
/** Proofs have specs of their own: here the chain takes a bar's public values without one. */
const LENIENT = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;
contract Lenient {
    function accepts(address) external pure returns (bool) { return true; }
    function development() external pure returns (bool) { return true; }
    function verifyProof(address, bytes calldata, uint256[] calldata) external pure returns (bool) { return true; }
}`;

describe('the registry, read from the reader’s own node', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-registry-'));
  let oracle: OracleChain;
  let stranger: EmbeddedChain;
  let market: MovedMarket;
  let browser: Browser;

  beforeAll(async () => {
    [oracle, stranger] = await Promise.all([
      OracleChain.start({ delaySeconds: DELAY_SECONDS, bound: false }),
      startEmbeddedChain({ blockSeconds: 0, arguments: ['--chain-id', '1337'] }),
    ]);
    writeDeployment(join(folder, 'deployment.json'), oracle.deployment);
    market = await startMovedMarket({
      ...{ SETTLEMENT: 'on', CHAIN_RPC_URL: oracle.chain.url, CHAIN_PRIVATE_KEY: oracle.chain.privateKey },
      ...{ CHAIN_DEPLOYMENT: join(folder, 'deployment.json'), ZKRISK_DATA_DIR: folder },
    });
    browser = await startBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await market.stop();
    await oracle.stop();
    await stranger.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const verifiers = (verifier: Address) => {
    const { bar, price, liquidation } = oracle.deployment.keys;
    return { verifier, barKey: bar, priceKey: price, liquidationKey: liquidation };
  };
  const read = async (page: Page, node: string) => {
    await page.goto(`${market.engine.url}/#/proofs`);
    await page.getByLabel('Your node’s address').fill(node);
    await page.getByRole('button', { name: 'Check it here' }).click();
    await page.locator('.findings, .notice.bad').first().waitFor();
  };
  const findings = async (page: Page) =>
    Promise.all(
      (await page.locator('.findings li').all()).map((line) => line.textContent().then((text) => text ?? '')),
    );
  const margins = (page: Page) =>
    page.getByRole('group', { name: 'Margin requirements' }).locator('tbody tr');

  it('has no model at first, then one whose markets have no requirement yet', async () => {
    const { page, context, errors } = await openTab(browser);
    await read(page, oracle.chain.url);
    await page.getByText('none is installed').waitFor();
    await page.getByText('No change waits to be installed.').waitFor();
    const statement = randomBar(7, { markets: MARKETS.length, factors: 2 });
    const witness = witnessOf(barStatement, barRows(statement));
    if ('refused' in witness) throw new Error(witness.refused);
    const instances = [...witness.values.values()].flat().map(fieldElement);
    await oracle.installModel([instances], [MARKETS]);
    await read(page, oracle.chain.url);
    expect(await margins(page).count()).toBe(MARKETS.length);
    for (const row of await margins(page).all()) expect(await row.textContent()).toMatch(/none yet/);

    const { abi, bytecode } = compiled('Lenient.sol', 'Lenient', LENIENT);
    const transactor = new Transactor(oracle.chain.url, oracle.account);
    const lenient = (await transactor.send({ data: encodeDeployData({ abi, bytecode }) }))!;
    await oracle.install('installVerifiers', [verifiers(lenient)]);
    await oracle.holdReturns(MARKETS, statement);
    await oracle.publish({ proof: '0x', instances });
    expect(errors).toEqual([]);
    await context.close();
  }, 120_000);

  it('shows verifiers, delay, a change that waits, and margins as the chain holds them beside the forecast’s', async () => {
    await oracle.propose('installVerifiers', [verifiers(oracle.deployment.verifier)]);
    for (const width of [1440, 390]) {
      const { page, context, errors } = await openTab(browser, { width, scheme: 'dark' });
      await read(page, oracle.chain.url);
      await page.getByText('installVerifiers').waitFor();
      const said = await findings(page);
      expect(said.filter((line) => line.includes('waits'))).toHaveLength(1);
      expect(said.find((line) => line.includes('chain that the engine names'))).toMatch(/^.? ?holds/);
      // The engine of this test has settled nothing: the page does not take its word.
      expect(said.find((line) => line.includes('The engine lists that epoch'))).toMatch(/does not hold/);
      const main = page.locator('main');
      expect(await main.textContent()).toMatch(/Changes wait at least\s*1 h/);
      const [verifier, barKey] = await oracle.client.readContract({
        ...{ address: oracle.deployment.oracle, abi: ORACLE_ABI, functionName: 'verifiers' },
      });
      for (const address of [verifier, barKey]) await main.getByText(address).waitFor();
      const rows = await margins(page).all();
      expect(rows).toHaveLength(MARKETS.length);
      for (const [i, row] of rows.entries()) {
        const [share, fresh] = await oracle.client.readContract({
          ...{ address: oracle.deployment.oracle, abi: ORACLE_ABI, functionName: 'margin' },
          args: [marketBytes(MARKETS[i])],
        });
        await row.locator('data').nth(1).waitFor();
        const [onChain, byForecast] = await row.locator('data').all();
        expect(await onChain.getAttribute('value')).toBe(String(Number(share) / 1e18));
        expect(Number(await byForecast.getAttribute('value'))).toBeGreaterThan(0);
        expect(fresh).toBe(true);
        expect(await row.textContent()).toMatch(new RegExp(`^${MARKETS[i]}.*fresh$`));
      }
      expect(await accessibilityViolations(page)).toEqual([]);
      // The table of markets has the reader's reading too.
      await page.goto(`${market.engine.url}/#/markets`);
      const row = page
        .getByRole('group', { name: 'Markets' })
        .locator('tbody tr')
        .filter({ hasText: MARKETS[0] });
      const [share] = await oracle.client.readContract({
        ...{ address: oracle.deployment.oracle, abi: ORACLE_ABI, functionName: 'margin' },
        args: [marketBytes(MARKETS[0])],
      });
      await row.locator(`data[value="${Number(share) / 1e18}"]`).waitFor();
      expect(errors).toEqual([]);
      await context.close();
    }
  }, 120_000);

  it('is not taken from another chain, nor from a node that does not answer', async () => {
    const { page, context } = await openTab(browser);
    await read(page, stranger.url);
    const said = await findings(page);
    expect(said).toHaveLength(2);
    for (const line of said) expect(line).toMatch(/does not hold/);
    expect(await margins(page).count()).toBe(0);
    await page.getByLabel('Your node’s address').fill('http://127.0.0.1:9');
    await page.getByRole('button', { name: 'Check it here' }).click();
    await page.locator('.notice.bad').getByText('Not checked').waitFor();
    await context.close();
  });
});
