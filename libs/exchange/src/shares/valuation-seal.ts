import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ValuationPayload } from '#lib/messages';
import { ZkriskError } from '#lib/errors';

type Unsealed = Omit<ValuationPayload, 'seal'>;

/** A valuation that does not come from the vault service: whoever may write the topic cannot make liquidity. */
export class ValuationSealError extends ZkriskError {
  readonly code = 'valuation-not-sealed';
}

/**
 * HMAC-SHA-256 of a valuation and the time of its marks, by the secret the vault service and the pricer share.
 *
 * @param time of the message, milliseconds
 * @returns base64url
 */
export function valuationSeal(secret: string, valuation: Unsealed, time: number): string {
  const { provider, units, settled, unitValue, haircut, vault, block } = valuation;
  const text = JSON.stringify([provider, units, settled, unitValue, haircut, vault, block, time]);
  return createHmac('sha256', secret).update(text).digest('base64url');
}

/** @throws {ValuationSealError} where there is no secret, or the seal was not made with it */
export function requireValuationSeal(
  secret: string | undefined,
  valuation: ValuationPayload,
  time: number,
): void {
  if (secret === undefined)
    throw new ValuationSealError('no vault counts here: VALUATION_SECRET is not set', {
      provider: valuation.provider,
    });
  const [expected, given] = [valuationSeal(secret, valuation, time), valuation.seal].map((text) =>
    Buffer.from(text, 'base64url'),
  );
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new ValuationSealError(
      `the valuation of ${valuation.provider} was not sealed by the vault service`,
      {
        provider: valuation.provider,
      },
    );
}
