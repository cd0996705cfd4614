import { Metrics } from '#lib/host';
import type { LiquidatorService } from './liquidator.service.js';

export function liquidatorMetrics(metrics: Metrics, liquidator: LiquidatorService): void {
  const { counts } = liquidator;
  metrics.gauge('zkrisk_margin_accounts', 'margin accounts watched', () => liquidator.accounts);
  metrics.gauge('zkrisk_open_plans', 'liquidation plans that are not closed', () => liquidator.openPlans);
  metrics.gauge(
    'zkrisk_plan_backlog',
    'accounts below maintenance that wait for a plan',
    () => liquidator.backlog,
  );
  metrics.gauge('zkrisk_solver_queue', 'plans that wait for a solver thread', () => liquidator.solverQueue);
  metrics.gauge('zkrisk_plans_total', 'plans made since the start', () => counts.plans);
  metrics.gauge(
    'zkrisk_plans_unproven',
    'accounts no plan could be proven for; must be 0',
    () => counts.unproven,
  );
  metrics.gauge('zkrisk_plan_gap', 'largest certified gap since the start', () => counts.worstGap);
  metrics.gauge('zkrisk_solve_seconds_total', 'time spent in solvers', () => counts.solveSeconds);
  metrics.gauge(
    'zkrisk_mark_seconds',
    'time the last marking of all accounts took',
    () => counts.markSeconds,
  );
}
