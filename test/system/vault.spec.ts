import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { contractArtifact, type EmbeddedChain, startEmbeddedChain, Transactor, VAULT_ABI } from '#lib/chain';
import { outgoing, type RiskPayload, TOPICS } from '#lib/messages';
import type { LiquidityValued } from '#lib/exchange';
import {
  DemoVault,
  type Engine,
  type MarketSource,
  Replayer,
  startEngine,
  valuationsOf,
  vaultPicture,
  vaultReport,
} from '../../apps/zkrisk/src/index.js';
import { startTestDatabase, type TestDatabase } from '../support/database.js';
import { marketWindow } from '../support/market-window.js';
import { describeWithRealData, realDataPath } from '../support/real-data.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

/** Three weeks up to the fall of FTX and the week in which it fell. */
const NOVEMBER_2022 = {
  markets: ['BTC', 'ETH', 'SOL', 'BNB', 'XRP', 'DOGE'],
  from: '2022-10-20T00:00:00Z',
  to: '2022-11-11T00:00:00Z',
};
const BEFORE = Date.parse('2022-11-06T00:00:00Z');
const AFTER = Date.parse('2022-11-10T00:00:00Z');
const CAPITAL = 400_000;
/** bars: when somebody asks for a quarter of the vault back, and when the chain cannot be reached */
const LEAVING = 200;
const UNREACHABLE = { from: 240, to: 246 };
/** bought and sold: the difference is the cost of the trade's risk */
const TRADE = ['5', '-5'].map((size) => [{ market: 'BTC', size }]);

interface Run {
  readonly valuations: readonly LiquidityValued[];
  readonly risk: ReadonlyMap<number, RiskPayload>;
  /** of buying and selling, by time */
  readonly quotes: ReadonlyMap<number, number>;
  readonly imbalance: bigint;
  readonly vault: {
    reading: { block: number; tokens: { market: string }[] };
    valuation: { unitValue: string };
  };
  readonly provider: { worth: string; backing: { amount: string; lost: string } | null };
  readonly refused: number;
}

it('the ABI of vaults is what the compiler says', () => {
  const names = JSON.stringify(contractArtifact('LiquidityVault').abi);
  for (const item of VAULT_ABI)
    if (item.type !== 'constructor') expect(names).toContain(`"name":"${item.name}"`);
});

describeWithRealData('liquidity in a pool of BTC, ETH and SOL in November 2022', () => {
  let chain: EmbeddedChain;
  let cable: TcpProxy;
  let directory: string;
  let source: MarketSource;
  let times: number[];
  let basket: Run;
  let cash: Run;

  async function replayed(
    environment: NodeJS.ProcessEnv,
    provider: string,
    before: (bar: number, engine: Engine) => Promise<void>,
  ): Promise<Run> {
    const server: TestDatabase = await startTestDatabase();
    const engine = await startEngine({
      ...{ PORT: '0', DATABASE_URL: server.url, LOG_LEVEL: 'error', HOUSE_LIQUIDATOR: 'off' },
      FIRST_PARAMETERS: JSON.stringify({
        forecast: { minimumBars: 80, windowBars: 240, refitEveryBars: 120 },
      }),
      ...environment,
    });
    try {
      const quotes = new Map<number, number>();
      const replayer = new Replayer(source, engine.log, engine.database, {
        ...{ speed: undefined, liquidity: 40_000, warmUpBars: 0 },
        before: (bar) => before(bar, engine),
        flow: { seed: 3, accounts: 60, tradesPerBar: 3, medianNotional: 20_000, firstBar: 90 },
      });
      await replayer.run(new AbortController().signal, ({ time }) => {
        if (!engine.pricer.engine.ready()) return;
        const cost = TRADE.map((legs) => Number(engine.pricer.engine.price(legs).riskPremium) / 1e8);
        quotes.set(time, cost[0] + cost[1]);
      });
      const get = async <T>(path: string) => (await (await fetch(`${engine.url}${path}`)).json()) as T;
      const risk = await engine.database.query<{ payload: RiskPayload }[]>(
        'select payload from risk_record order by at',
      );
      return {
        valuations: await valuationsOf(engine.database),
        risk: new Map(risk.map(({ payload }) => [payload.at, payload])),
        quotes,
        imbalance: engine.pricer.engine.ledger.imbalance(),
        vault: await get('/v1/vault'),
        provider: await get(`/v1/liquidity/providers/${provider}`),
        refused: engine.log.deadLetters,
      };
    } finally {
      await engine.stop();
      await server.stop();
    }
  }

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'zkrisk-vault-'));
    chain = await startEmbeddedChain({ blockSeconds: 0 });
    cable = await startTcpProxy(Number(new URL(chain.url).port));
    const account = privateKeyToAccount(chain.privateKey);
    const transactor = new Transactor(chain.url, account);
    const prices = await transactor.deploy('MedianPriceSource', [
      ...[account.address, account.address, account.address, 0],
      ...[[account.address], 1],
    ]);
    source = marketWindow(realDataPath('hourly_close_24.csv'), NOVEMBER_2022);
    times = [...source.rows(0)].map(({ time }) => time);
    const provider = await DemoVault.open({ rpcUrl: chain.url, account, prices }, directory, source, CAPITAL);
    const { vault } = provider.deployment;
    basket = await replayed(
      {
        ...{ VAULT: 'on', VAULT_ADDRESS: vault, VAULT_CONFIRMATIONS: '0' },
        CHAIN_RPC_URL: `http://127.0.0.1:${cable.port}`,
      },
      'vault',
      async (bar) => {
        await provider.follow(bar);
        if (bar === UNREACHABLE.from) cable.cut();
        if (bar === UNREACHABLE.to) cable.mend();
        if (bar !== LEAVING) return;
        const shares = await transactor.client.readContract({
          ...{ address: vault, abi: VAULT_ABI, functionName: 'balanceOf', args: [account.address] },
        });
        await transactor.call(vault, VAULT_ABI, 'requestRedeem', [shares / 4n]);
      },
    );
    // The same provider brings cash instead, as much as counted of the basket whenever it came or went.
    const moved = new Map(
      basket.valuations
        .filter(({ amount }) => Math.abs(Number(amount)) > CAPITAL / 8)
        .map(({ valuedAt, amount }) => [valuedAt, amount]),
    );
    cash = await replayed({}, 'cash', async (bar, { log }) => {
      const amount = moved.get(times[bar - 1]);
      if (amount === undefined) return;
      const header = { id: `cash-${bar}`, sequence: bar, time: times[bar - 1] };
      const command = { commandId: `cash-${bar}`, provider: 'cash', amount: amount.replace('-', '') };
      await log.publish([
        outgoing(
          ...([TOPICS.liquidity, 'cash', header] as const),
          amount.startsWith('-')
            ? { ...command, kind: 'withdrawal', mode: 'forced' }
            : { ...command, kind: 'deposit' },
        ),
      ]);
    });
  }, 400_000);
  afterAll(async () => {
    await cable.close();
    await chain.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const valuedAt = (time: number) => basket.valuations.findLast((valuation) => valuation.valuedAt <= time)!;
  const liquidity = (run: Run, time: number) => Number(run.risk.get(time)!.liquidity);

  it('a fall of the basket lowers what it is worth, raises the haircut and lowers L', () => {
    const [before, after] = [valuedAt(BEFORE), valuedAt(AFTER)];
    // A pool share fell as 50 % BTC, 30 % ETH and 20 % SOL at constant weights do.
    const rows = [...source.rows(0)];
    const price = (time: number, i: number) => Number(rows[times.indexOf(time)].prices[i]);
    const fall = [0.5, 0.3, 0.2].reduce(
      (product, w, i) => product * (price(AFTER, i) / price(BEFORE, i)) ** w,
      1,
    );
    const unit = ({ value, units }: LiquidityValued) => Number(value) / Number(units);
    expect(unit(after) / unit(before)).toBeCloseTo(fall, 6);
    expect(fall).toBeLessThan(0.7);
    expect(after.haircut).toBeGreaterThan(1.5 * before.haircut);
    expect(Number(after.backing) / Number(before.backing)).toBeLessThan(0.6);
    expect(liquidity(basket, AFTER)).toBeLessThan(0.7 * liquidity(basket, BEFORE));
    expect(liquidity(cash, AFTER)).toBeGreaterThan(0.95 * liquidity(cash, BEFORE));
  });

  it('and raises risk and quotes, beside the same exchange on cash', () => {
    expect(Math.abs(liquidity(basket, BEFORE) / liquidity(cash, BEFORE) - 1)).toBeLessThan(0.1);
    const risk = (run: Run, time: number) => run.risk.get(time)!.entropicValueAtRisk;
    expect(risk(basket, AFTER)).toBeGreaterThan(1.2 * risk(cash, AFTER));
    expect(basket.quotes.get(AFTER)!).toBeGreaterThan(1.1 * cash.quotes.get(AFTER)!);
  });

  it('who comes and who asks to leave moves both', () => {
    const bar = (at: number) => basket.valuations.find((valuation) => valuation.valuedAt === times[at])!;
    const part = (at: number) => Number(bar(at).units) / Number(bar(at - 1).units);
    expect(Number(bar(96).amount)).toBeCloseTo(Number(bar(96).backing), 6);
    expect(part(LEAVING)).toBeCloseTo(0.75, 9);
    expect(Number(bar(LEAVING).amount) / Number(bar(LEAVING - 1).backing)).toBeCloseTo(-0.25, 1);
    expect(part(360)).toBeCloseTo(1 + 0.4 / 0.45, 9);
    expect(Number(bar(360).amount)).toBeGreaterThan(0);
  });

  it('keeps valuing what it has read while the chain cannot be reached', () => {
    const cut = basket.valuations.filter(
      (each) => each.valuedAt >= times[UNREACHABLE.from] && each.valuedAt < times[UNREACHABLE.to],
    );
    expect(cut).toHaveLength(UNREACHABLE.to - UNREACHABLE.from);
    expect(new Set(cut.map(({ units }) => units)).size).toBe(1);
    expect(new Set(cut.map(({ value }) => value)).size).toBe(cut.length);
  });

  it('values every bar once, refuses nothing and loses nothing', () => {
    expect(basket.valuations.length).toBe(basket.risk.size);
    expect(new Set(basket.valuations.map((each) => each.valuedAt)).size).toBe(basket.valuations.length);
    expect(basket.refused).toBe(0);
    expect(basket.imbalance).toBe(0n);
    expect(cash.imbalance).toBe(0n);
  });

  it('tells what the vault holds and what it and the exchange owe each other', () => {
    const last = basket.valuations.at(-1)!;
    expect(Number(basket.vault.valuation.unitValue) * Number(last.units)).toBeCloseTo(Number(last.value), 6);
    expect(basket.vault.reading.tokens.map(({ market }) => market)).toEqual(['BTC', 'ETH', 'SOL']);
    const { backing, worth } = basket.provider;
    expect(backing!.amount).toBe(last.backing);
    // Worth is less than L's part by the price of the call spread.
    expect(Number(backing!.amount) - Number(backing!.lost)).toBeGreaterThanOrEqual(Number(worth));
    expect(cash.provider.backing).toBeNull();
  });

  it('is a picture and a line of the report', () => {
    const report = vaultReport(basket.valuations)!;
    expect(report.valuations).toBe(basket.valuations.length);
    expect(report.largestFall).toBeGreaterThan(0.34);
    expect(report.largestHaircut).toBeGreaterThanOrEqual(valuedAt(AFTER).haircut);
    expect(vaultReport([])).toBeNull();
    const picture = vaultPicture(basket.valuations, [...basket.risk.values()], ' (November 2022)');
    for (const text of [
      'A vault’s pool shares (November 2022)',
      'fair value',
      'counts in L',
      'Liquidity L',
      'ρ(θ)',
    ])
      expect(picture).toContain(text);
    expect(picture.match(/<path|<polyline/g)!.length).toBeGreaterThanOrEqual(4);
  });
});
