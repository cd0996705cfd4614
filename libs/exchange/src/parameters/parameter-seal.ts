import { createHmac, timingSafeEqual } from 'node:crypto';
import { ZkriskError } from '#lib/errors';
import type { ParameterCommandPayload } from '#lib/messages';
import { contentDigest } from '../book/decided-command.js';

/** A change of the parameters that is not the operator's. */
export class ParameterSealError extends ZkriskError {
  readonly code = 'parameters-not-sealed';
}

/** HMAC-SHA-256 of a change by the secret that the services share, base64url. */
export function parameterSeal(secret: string, command: Omit<ParameterCommandPayload, 'seal'>): string {
  const { commandId, base, parameters, by, reason, issuedAt } = command;
  const text = JSON.stringify([
    'parameters',
    ...[commandId, base, contentDigest(parameters), by, reason, issuedAt],
  ]);
  return createHmac('sha256', secret).update(text).digest('base64url');
}

/** @throws {ParameterSealError} where there is no secret, or the seal was not made with it */
export function requireParameterSeal(secret: string | undefined, command: ParameterCommandPayload): void {
  if (secret === undefined)
    throw new ParameterSealError('no change is taken here: MARKET_ORDER_SECRET is not set');
  const [expected, given] = [parameterSeal(secret, command), command.seal].map((text) =>
    Buffer.from(text, 'base64url'),
  );
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new ParameterSealError(`the change ${command.commandId} was not sealed by the operator`);
}
