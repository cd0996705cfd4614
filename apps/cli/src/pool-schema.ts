import { z } from 'zod';
import { addressSchema } from '#lib/chain';

const share = z.number().gt(0).lt(1);

/** Parts of a pool. */
export const poolSchema = z.strictObject({
  name: z.string().min(1).max(60),
  symbol: z.string().min(1).max(12),
  assets: z
    .array(z.strictObject({ token: addressSchema, market: z.string(), weight: share }))
    .min(2)
    .max(8)
    .refine((assets) => Math.abs(assets.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-6, {
      message: 'weights must sum to 1',
    }),
  /** strengths of public momentum, an entry for each asset */
  k: z.array(z.number().min(0).max(16)),
  terms: z
    .strictObject({
      decay: share,
      fee: z.number().min(0).max(0.1),
      tradeSize: share,
      interval: z.int().min(1),
      staleness: z.int().min(1),
      limits: z.strictObject({ lowest: share, step: share, velocity: share, blocks: z.int().min(1) }),
    })
    .optional(),
});
