import { z } from 'zod';
import { parseInput } from '#lib/errors';

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
  /** public data that the statement is judged with besides its values */
  readonly annex?: object;
}

const schema = z.strictObject({
  version: z.literal(1),
  statement: z.string(),
  artifacts: z.string(),
  srs: z.enum(['development', 'ceremony']),
  instances: z.array(z.string()),
  proof: z.string().regex(/^0x([0-9a-f]{2})+$/, 'must be bytes in hexadecimal'),
  annex: z.looseObject({}).optional(),
}) satisfies z.ZodType<ProofDocument>;

/** @throws {InvalidInputError} naming the first field that is not as it must be */
export function parseProof(value: unknown): ProofDocument {
  return parseInput(schema, value, 'proof');
}
