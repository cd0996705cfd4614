import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiSecurity } from '@nestjs/swagger';

/**
 * Scopes of a key: see prices, trade and withdraw, provide liquidity, credit money that has come in, report on
 * liquidation plans, administer.
 */
export const SCOPES = ['quote', 'trade', 'liquidity', 'treasury', 'liquidator', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** The field of a path or body that names whom a call acts for. */
export type ActsFor = 'account' | 'provider' | 'liquidator';

/** The scope and accounts that a route requires of its caller. */
export type RouteAccess =
  | 'public'
  /** signed with the admin secret, besides a key with the scope */
  | {
      readonly scope: Scope;
      readonly changesState: boolean;
      readonly actsFor: ActsFor | undefined;
      readonly withdraws: boolean;
      readonly secondHolder: boolean | ((body: unknown) => boolean);
      /** calls that a body counts as against its key's rate; undefined: one */
      readonly calls: ((body: unknown) => number) | undefined;
    };

/** Anyone may call it, also where keys are required. */
export function Public(): MethodDecorator & ClassDecorator {
  return RouteConfig({ access: 'public' satisfies RouteAccess });
}

/**
 * Requires a key with a scope. Calls that may change state are written to the audit log.
 *
 * @param options.actsFor the field that names the account acted for: a key that is bound to accounts must name one
 * @param options.withdraws the call pays out `amount` of that account: the key's limits count it
 * @param options.secondHolder the call needs the approval of a key of another holder, where its body does
 * @param options.calls calls that a body counts as against the key's rate, where it is not one
 */
export function NeedsScope(
  scope: Scope,
  options: {
    changesState?: boolean;
    actsFor?: ActsFor;
    withdraws?: boolean;
    secondHolder?: boolean | ((body: unknown) => boolean);
    calls?: (body: unknown) => number;
  } = {},
): MethodDecorator & ClassDecorator {
  const { changesState = false, actsFor, withdraws = false, secondHolder = false, calls } = options;
  const access: RouteAccess = { scope, changesState, actsFor, withdraws, secondHolder, calls };
  return applyDecorators(RouteConfig({ access }), ApiSecurity('key'));
}

/** Id of the key that calls; null where none is needed. */
export const CallerKey = createParamDecorator((_: unknown, context: ExecutionContext): string | null =>
  callerKeyOf(context.switchToHttp().getRequest<object>()),
);

/** Accounts the calling key is bound to; null: it may act for all. */
export const CallerAccounts = createParamDecorator(
  (_: unknown, context: ExecutionContext): ReadonlySet<string> | null =>
    context.switchToHttp().getRequest<WithPrincipal>().principal?.accounts ?? null,
);

/** Set by whoever has checked the key. */
export interface WithPrincipal {
  principal?: { readonly keyId: string; readonly accounts: ReadonlySet<string> | null } | null;
}

export function callerKeyOf(request: object): string | null {
  return (request as WithPrincipal).principal?.keyId ?? null;
}
