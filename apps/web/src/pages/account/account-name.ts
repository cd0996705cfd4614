import { signal } from '@preact/signals';

/** The account the reader looks at and trades for. */
export const accountName = signal(sessionStorage.getItem('zkrisk-account') ?? 'me');
accountName.subscribe((name) => {
  sessionStorage.setItem('zkrisk-account', name);
});
