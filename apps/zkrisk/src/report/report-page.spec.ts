import { describe, expect, it } from 'vitest';
import { lineChart } from '#lib/charts';
import { reportPage } from './report-page.js';
import type { Report } from './report.js';

const REPORT: Report = {
  ...{
    market: 'evil <img src=x onerror=alert(1)>.csv: 2 markets',
    simulated: false,
    bars: 10,
    wallSeconds: 12,
  },
  ...{ from: '2024-01-01T00:00:00.000Z', to: '2024-01-02T00:00:00.000Z' },
  input: { notes: ['prices.csv: has its newest row first: turned round'] },
  trades: { booked: 5, rejected: 2 },
  collected: {
    ...{ riskPremia: '1234.5', liquidityPremia: '2', riskFunding: '3', liquidityFunding: '4' },
    withdrawalFees: '0',
  },
  finally: { capital: '1', liquidity: '2', pendingToCapital: '3', shortfall: '0', imbalance: '0' },
  risk: {
    ...{ records: 10, meanRiskMeasure: 1, largestRiskMeasure: 2, largestAt: '2024-01-01T00:00:00.000Z' },
    ...{ lastRiskMeasure: 1, largestShareOfCapital: 0.01 },
  },
  accounts: { margin: 3, refusedTrades: { 'nothing-to-reduce': 2 }, refusedCommands: 4 },
  liquidations: {
    byOutcome: [
      {
        ...{ outcome: 'partial', plans: 3, accounts: 2, executed: 3, worstGap: 1e-9 },
        ...{ closedNotional: 1000, notional: 5000, shortfall: 0 },
      },
    ],
    ...{ largestGap: 1e-9, closedNotional: 1000, wholeNotional: 5000, bankruptcies: '0' },
    ...{ busiestDay: null, capitalAround: null },
  },
  solvent: false,
  deadLetters: [{ topic: 'prices', reason: 'payload.price: must be a price', count: 7 }],
  ...{ vault: null, settlement: null, forecast: { models: 1, quality: {}, meanFitSeconds: 0.1 } },
};

describe(reportPage, () => {
  const svg = lineChart({
    ...{ title: 'Risk', unit: 'quote currency', times: [0, 3_600_000] },
    series: [{ name: 'ρ', colour: '#000', values: [1, 2] }],
  });
  const page = reportPage(REPORT, { risk: svg });

  it('opens without a network: pictures and tables are in it, nothing is fetched, nothing runs', () => {
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain('<figure id="risk"><svg ');
    expect(page).toContain("default-src 'none'");
    // The name space of SVG is no address that is fetched.
    const rest = page.replaceAll('http://www.w3.org/2000/svg', '');
    expect(rest).not.toMatch(/https?:|<script|<link|<img|@import|url\(/);
  });

  it('shows text from files as text', () => {
    expect(page).toContain('evil &lt;img src=x onerror=alert(1)&gt;.csv');
  });

  it('says what was left out, refused and could not be taken', () => {
    expect(page).toContain('<li>prices.csv: has its newest row first: turned round</li>');
    expect(page).toContain('<td>trade: nothing-to-reduce</td><td class="number">2</td>');
    expect(page).toContain('<td>prices</td><td class="number">7</td><td>payload.price: must be a price</td>');
    expect(page).toContain('<td>partial</td><td class="number">3</td><td class="number">1,000</td>');
    expect(page).toContain('INSOLVENT');
  });
});
