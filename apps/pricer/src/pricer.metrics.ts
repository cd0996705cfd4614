import { Metrics } from '#lib/host';
import { MONEY_DECIMALS, toNumber } from '#lib/amounts';
import type { LedgerSnapshots } from './ledger-snapshots.js';
import type { PricerService } from './pricer.service.js';
import type { QuoteDesk } from './quote-desk.js';

export function pricerMetrics(
  metrics: Metrics,
  pricer: PricerService,
  quotes: QuoteDesk,
  snapshots: LedgerSnapshots,
): void {
  metrics.gauge('zkrisk_quotes_total', 'quotes given since the start', () => quotes.given);
  const money = (amount: bigint) => toNumber(amount, MONEY_DECIMALS);
  const ledger = () => pricer.engine.ledger;
  const assessed = () => (pricer.engine.ready() ? pricer.engine.assessment().assessment : undefined);
  metrics.gauge('zkrisk_risk_measure', 'ρ(θ), quote currency', () => assessed()?.riskMeasure);
  metrics.gauge(
    'zkrisk_book_volatility',
    's, standard deviation of the book over the horizon, quote currency',
    () => assessed()?.exposure.volatility,
  );
  metrics.gauge('zkrisk_capital', 'P, quote currency', () => money(ledger().capital));
  metrics.gauge('zkrisk_liquidity', 'L, quote currency', () => money(ledger().liquidity));
  metrics.gauge('zkrisk_pending', 'premia and funding not yet vested, quote currency', () =>
    money(ledger().pendingToCapital),
  );
  metrics.gauge(
    'zkrisk_shortfall',
    'losses past capital and liquidity, quote currency; above 0 the exchange is insolvent',
    () => money(ledger().shortfall),
  );
  metrics.gauge('zkrisk_insolvent', '1 while the pool cannot pay what traders have at marks', () =>
    pricer.engine.solvency().insolvent ? 1 : 0,
  );
  metrics.gauge('zkrisk_insolvency_need', 'what is missing at marks, quote currency', () =>
    money(pricer.engine.solvency().need),
  );
  metrics.gauge('zkrisk_credit_reserve', 'credit charges that defaults have not taken, quote currency', () =>
    money(ledger().creditReserve),
  );
  metrics.gauge(
    'zkrisk_margin_capital',
    'K that margins and caps are measured against, quote currency',
    () => pricer.engine.marginCapital,
  );
  metrics.gauge(
    'zkrisk_parameters_version',
    'version of the risk parameters that hold',
    () => pricer.engine.parameters.rules.version,
  );
  metrics.gauge(
    'zkrisk_liquidity_waiting',
    'liquidity commands that wait for the next marks',
    () => ledger().waitingCommands,
  );
  metrics.gauge('zkrisk_ledger_imbalance', 'must be 0', () => money(ledger().imbalance()));
  metrics.gauge('zkrisk_book_events', 'events in the journal', () => ledger().eventCount);
  metrics.gauge(
    'zkrisk_snapshots_total',
    'snapshots of the ledger this process has stored since the start',
    () => snapshots.taken,
  );
  metrics.gauge(
    'zkrisk_snapshot_failures_total',
    'snapshots of the ledger that could not be taken since the start; the next start takes longer',
    () => snapshots.failed,
  );
  metrics.gauge(
    'zkrisk_snapshot_seconds',
    'how long the last snapshot of the ledger took, beside the writer',
    () => snapshots.lastSeconds,
  );
  metrics.gauge('zkrisk_trades', 'trades booked', () => ledger().totals.trades);
  metrics.gauge('zkrisk_market_time_seconds', 'market time, Unix', () => pricer.engine.board.now / 1000);
  metrics.gauge('zkrisk_bankruptcies', 'losses of bankrupt accounts borne by the pool, quote currency', () =>
    money(ledger().totals.bankruptcies),
  );
  const ofBackings = (name: string, help: string, read: (provider: string) => number) => {
    metrics.gauges(name, help, ['provider'], () =>
      Promise.resolve(
        ledger()
          .backedProviders()
          .map((provider) => ({ labels: { provider }, value: read(provider) })),
      ),
    );
  };
  ofBackings('zkrisk_backing', 'what of a vault counts in L, quote currency', (provider) =>
    money(ledger().backingOf(provider)!.amount),
  );
  ofBackings(
    'zkrisk_backing_lost',
    'of what backs a provider’s liquidity, lost to traders and still to be taken; negative: earned and still to be given, quote currency',
    (provider) => money(pricer.engine.shares.positionOf(provider).lost),
  );
  ofBackings(
    'zkrisk_backing_valued_at_seconds',
    'market time of the valuation that is in the books',
    (provider) => ledger().backingOf(provider)!.valuedAt / 1000,
  );
}
