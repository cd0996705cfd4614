import { signal } from '@preact/signals';

/** The place the reader is at: a page, and its subject, such as a plan. Kept in the address after `#/`. */
export interface Place {
  readonly page: string;
  readonly item: string | undefined;
}

function placeIn(hash: string): Place {
  const [page = '', ...rest] = hash.replace(/^#\/?/, '').split('/');
  const item = rest.join('/');
  return { page: page === '' ? 'now' : page, item: item === '' ? undefined : decodeURIComponent(item) };
}

export const place = signal<Place>(placeIn(location.hash));
addEventListener('hashchange', () => {
  place.value = placeIn(location.hash);
});

export function href(page: string, item?: string): string {
  return `#/${page}${item === undefined ? '' : `/${encodeURIComponent(item)}`}`;
}

export function go(page: string, item?: string): void {
  location.hash = href(page, item);
}

/** Where proofs of a subject are shown, by the link that an answer of the engine has. */
export function hrefOfProofs(link: string): string {
  return href('proofs', link.split('?')[1]);
}
