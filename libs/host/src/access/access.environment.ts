import { z } from 'zod';

/** Keys, and the routes and accounts each may use. */
export const accessEnvironment = z.object({
  API_KEYS: z
    .enum(['required', 'open'])
    .optional()
    .describe(
      'required: every call needs a key with its scope; open: none does. Default: open on a loopback address, required on any other',
    ),
  ADMIN_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe('what admin calls are signed with; without it there are none. Or ADMIN_SECRET_FILE')
    .meta({ secret: true }),
  ADMIN_HOLDERS: z
    .enum(['1', '2'])
    .default('2')
    .describe(
      '2: admin calls that move money, change parameters or make keys need the approval of a key of another holder; 1: they do not',
    ),
  RATE_LIMIT_PER_SECOND: z.coerce
    .number()
    .positive()
    .default(1000)
    .describe('calls a second that a key may make of a process, where the key does not say otherwise'),
});
export type AccessConfig = z.output<typeof accessEnvironment>;
