import { z } from 'zod';
import { InvalidInputError } from '#lib/errors';

/** A proof as it is kept and passed on. Plain JSON. */
export interface ProofDocument {
  readonly version: 1;
  readonly statement: string;
  /** of the artifacts it was made with */
  readonly artifacts: string;
  /** `development`: anyone could have made this proof of anything; for trying things out only */
  readonly srs: 'development' | 'ceremony';
  /** public values, field elements as 64 hexadecimal digits, little-endian */
  readonly instances: readonly string[];
  /** 0x… */
  readonly proof: string;
}

const schema = z.strictObject({
  version: z.literal(1),
  statement: z.string(),
  artifacts: z.string(),
  srs: z.enum(['development', 'ceremony']),
  instances: z.array(z.string()),
  proof: z.string().regex(/^0x([0-9a-f]{2})+$/, 'must be bytes in hexadecimal'),
}) satisfies z.ZodType<ProofDocument>;

/** @throws {InvalidInputError} naming the first field that is not as it must be */
export function parseProof(value: unknown): ProofDocument {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new InvalidInputError(['proof', ...path].map(String).join('.'), message);
}
