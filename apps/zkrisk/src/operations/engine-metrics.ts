import { Inject, Injectable, Optional } from '@nestjs/common';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { EventLog } from '#lib/events';
import { MONEY_DECIMALS, toNumber } from '#lib/ledger';
import { ForecasterService } from '../../../forecaster/src/index.js';
import { LiquidatorService } from '../../../liquidator/src/index.js';
import { PricerService } from '../../../pricer/src/index.js';
import { ProverRepository } from '../../../prover/src/index.js';
import { SettlementRepository } from '../../../settlement/src/index.js';

/** Prometheus metrics of the engine, read from the services at every scrape: nothing is counted twice. */
@Injectable()
export class EngineMetrics {
  readonly registry = new Registry();

  constructor(
    @Inject(PricerService) pricer: PricerService,
    @Inject(ForecasterService) forecaster: ForecasterService,
    @Inject(LiquidatorService) liquidator: LiquidatorService,
    @Inject(EventLog) log: EventLog,
    @Optional() @Inject(ProverRepository) prover?: ProverRepository,
    @Optional() @Inject(SettlementRepository) settlement?: SettlementRepository,
  ) {
    collectDefaultMetrics({ register: this.registry });
    const gauge = (name: string, help: string, read: () => number | undefined) =>
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          const value = read();
          if (value !== undefined) this.set(value);
        },
      });
    const money = (amount: bigint) => toNumber(amount, MONEY_DECIMALS);
    const assessed = () => (pricer.engine.ready() ? pricer.engine.assessment().assessment : undefined);
    gauge('zkrisk_risk_measure', 'ρ(θ), quote currency', () => assessed()?.riskMeasure);
    gauge(
      'zkrisk_book_volatility',
      's, standard deviation of the book over the horizon, quote currency',
      () => assessed()?.exposure.volatility,
    );
    gauge('zkrisk_capital', 'P, quote currency', () => money(pricer.engine.ledger.capital));
    gauge('zkrisk_liquidity', 'L, quote currency', () => money(pricer.engine.ledger.liquidity));
    gauge('zkrisk_pending', 'premia and funding not yet vested, quote currency', () =>
      money(pricer.engine.ledger.pendingToCapital),
    );
    gauge(
      'zkrisk_shortfall',
      'losses past capital and liquidity, quote currency; above 0 the exchange is insolvent',
      () => money(pricer.engine.ledger.shortfall),
    );
    gauge('zkrisk_ledger_imbalance', 'must be 0', () => money(pricer.engine.ledger.imbalance()));
    gauge('zkrisk_book_events', 'events in the journal', () => pricer.engine.ledger.eventCount);
    gauge('zkrisk_trades', 'trades booked', () => pricer.engine.ledger.totals.trades);
    gauge('zkrisk_market_time_seconds', 'market time, Unix', () => pricer.engine.board.now / 1000);
    gauge('zkrisk_model_version', 'covariance model in force', () => forecaster.model()?.version);
    gauge('zkrisk_model_fit_seconds', 'time the last fit took', () => forecaster.model()?.seconds);
    gauge('zkrisk_rejected_ticks', 'price ticks refused since the start', () => forecaster.rejectedTicks);
    gauge('zkrisk_bankruptcies', 'losses of bankrupt accounts borne by the pool, quote currency', () =>
      money(pricer.engine.ledger.totals.bankruptcies),
    );
    gauge('zkrisk_margin_accounts', 'margin accounts watched', () => liquidator.accounts);
    gauge('zkrisk_open_plans', 'liquidation plans that are not closed', () => liquidator.openPlans);
    gauge('zkrisk_plan_backlog', 'accounts below maintenance that wait for a plan', () => liquidator.backlog);
    gauge('zkrisk_solver_queue', 'plans that wait for a solver thread', () => liquidator.solverQueue);
    gauge('zkrisk_plans_total', 'plans made since the start', () => liquidator.counts.plans);
    gauge(
      'zkrisk_plans_unproven',
      'accounts no plan could be proven for; must be 0',
      () => liquidator.counts.unproven,
    );
    gauge('zkrisk_plan_gap', 'largest certified gap since the start', () => liquidator.counts.worstGap);
    gauge('zkrisk_solve_seconds_total', 'time spent in solvers', () => liquidator.counts.solveSeconds);
    gauge(
      'zkrisk_mark_seconds',
      'time the last marking of all accounts took',
      () => liquidator.counts.markSeconds,
    );
    new Gauge({
      name: 'zkrisk_consumer_lag_records',
      help: 'records appended and not yet consumed',
      labelNames: ['group', 'topic'],
      registers: [this.registry],
      async collect() {
        for (const { group, topic, records } of await log.lag()) this.set({ group, topic }, Number(records));
      },
    });
    if (prover !== undefined) this.addProver(prover);
    if (settlement !== undefined) this.addSettlement(settlement);
  }

  private addProver(prover: ProverRepository): void {
    new Gauge({
      name: 'zkrisk_proof_jobs',
      help: 'statements by what has become of them; queued is the depth of the queue',
      labelNames: ['status'],
      registers: [this.registry],
      async collect() {
        const depth = await prover.depth();
        for (const status of ['queued', 'running', 'proven', 'failed'] as const)
          this.set({ status }, depth[status]);
      },
    });
    new Gauge({
      name: 'zkrisk_proof_seconds',
      help: 'time a proof takes, mean of the last hundred of its statement',
      labelNames: ['statement'],
      registers: [this.registry],
      async collect() {
        for (const { statement, seconds } of await prover.times()) this.set({ statement }, seconds);
      },
    });
  }

  private addSettlement(settlement: SettlementRepository): void {
    new Gauge({
      name: 'zkrisk_chain_transactions',
      help: 'transactions by what has become of them',
      labelNames: ['status'],
      registers: [this.registry],
      async collect() {
        for (const { status, count } of await settlement.counts()) this.set({ status }, Number(count));
      },
    });
  }
}
