import { z } from 'zod';
import { readConfig } from '#lib/service';

export const historianEnvironment = z.object({
  HISTORY_RETENTION_DAYS: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('days of market time that history is kept for, by whole months; 0: for ever'),
});
export type HistorianConfig = z.output<typeof historianEnvironment>;
export const historianConfig = (environment: NodeJS.ProcessEnv) =>
  readConfig(historianEnvironment, environment);
