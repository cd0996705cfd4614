import type { ComponentType } from 'preact';
import { href } from '../router.js';
import { Account } from '../pages/account.js';
import { Lab } from '../pages/lab.js';
import { Liquidations } from '../pages/liquidations.js';
import { Markets } from '../pages/markets.js';
import { Liquidity } from '../pages/liquidity.js';
import { Now } from '../pages/now.js';
import { Operations } from '../pages/operations.js';
import { Proofs } from '../pages/proofs.js';
import { Risk } from '../pages/risk.js';

export interface PageEntry {
  readonly path: string;
  readonly title: string;
  readonly Page: ComponentType;
}

export const PAGES: readonly PageEntry[] = [
  { path: 'now', title: 'Now', Page: Now },
  { path: 'markets', title: 'Markets', Page: Markets },
  { path: 'risk', title: 'Risk', Page: Risk },
  { path: 'account', title: 'Account', Page: Account },
  { path: 'liquidations', title: 'Liquidations', Page: Liquidations },
  { path: 'liquidity', title: 'Liquidity', Page: Liquidity },
  { path: 'proofs', title: 'Proofs', Page: Proofs },
  { path: 'operations', title: 'Operations', Page: Operations },
  { path: 'lab', title: 'Lab', Page: Lab },
];

export function pageAt(path: string): PageEntry {
  return PAGES.find((page) => page.path === path) ?? PAGES[0];
}

export function Menu({ at }: { at: string }) {
  return (
    <nav class="menu" aria-label="Pages">
      <span class="brand" aria-hidden="true">
        <b>ρ</b> zkrisk
      </span>
      <ol>
        {PAGES.map(({ path, title }, i) => (
          <li key={path}>
            <a href={href(path)} {...(path === at ? { 'aria-current': 'page' as const } : {})}>
              <kbd aria-hidden="true">{i + 1}</kbd>
              {title}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}
