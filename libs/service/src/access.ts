import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiSecurity } from '@nestjs/swagger';

/** What a route needs of who calls it. */
export type RouteAccess =
  | 'public'
  /** signed with the admin secret, besides a key with the scope */
  | { readonly scope: 'quote' | 'trade' | 'liquidity' | 'admin'; readonly changesState: boolean };

/** Anyone may call it, also where keys are required. */
export function Public(): MethodDecorator & ClassDecorator {
  return RouteConfig({ access: 'public' satisfies RouteAccess });
}

/** Needs a key with a scope. What may change anything is written to the audit log. */
export function NeedsScope(
  scope: 'quote' | 'trade' | 'liquidity' | 'admin',
  options: { changesState?: boolean } = {},
): MethodDecorator & ClassDecorator {
  const access: RouteAccess = { scope, changesState: options.changesState ?? false };
  return applyDecorators(RouteConfig({ access }), ApiSecurity('key'));
}

/** Id of the key that calls; null where none is needed. */
export const CallerKey = createParamDecorator((_: unknown, context: ExecutionContext): string | null =>
  callerKeyOf(context.switchToHttp().getRequest<object>()),
);

/** Set by whoever has checked the key. */
export interface WithPrincipal {
  principal?: { readonly keyId: string } | null;
}

export function callerKeyOf(request: object): string | null {
  return (request as WithPrincipal).principal?.keyId ?? null;
}
