import type { StreamChannel } from '#lib/streams';
import type { OpenedPlan } from './liquidation-record.js';
import type { LiquidatorRepository } from './liquidator.repository.js';
import { liquidationSummary } from './rest/liquidation-summary.js';

/** Plans of the stream's document: all that are open, and so many of the last. */
const LATEST = 100;
const MOST_OPEN = 500;

/** Open plans with their certificates, and the last that were closed. */
export function liquidationsChannel(repository: LiquidatorRepository): StreamChannel {
  return {
    name: 'liquidations',
    version: async () => String(await repository.lastEvent()),
    read: async () => {
      const open = await repository.list({ status: 'open', limit: MOST_OPEN });
      const latest = await repository.list({ limit: LATEST });
      const plans = new Map([...latest, ...open].map((liquidation) => [liquidation.planId, liquidation]));
      return {
        plans: Object.fromEntries(
          [...plans].map(([planId, liquidation]) => {
            const { orders, plan, expiresAt } = liquidation.opened as OpenedPlan;
            const summary = liquidationSummary(liquidation);
            return [
              planId,
              liquidation.status === 'open'
                ? { ...summary, expiresAt: new Date(expiresAt).toISOString(), orders, plan }
                : summary,
            ];
          }),
        ),
      };
    },
  };
}
