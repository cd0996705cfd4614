import { effect, signal } from '@preact/signals';

/** The reader's choices, kept in this browser. */
function kept<T extends string>(name: string, choices: readonly T[]) {
  const stored = localStorage.getItem(`zkrisk-${name}`);
  const chosen = signal<T>(choices.includes(stored as T) ? (stored as T) : choices[0]);
  effect(() => {
    localStorage.setItem(`zkrisk-${name}`, chosen.value);
  });
  return chosen;
}

export const scheme = kept('scheme', ['system', 'light', 'dark'] as const);
/** `exact`: figures are shown as they came, not rounded. */
export const figures = kept('figures', ['rounded', 'exact'] as const);
/** Whether single keys change pages. */
export const shortcuts = kept('shortcuts', ['on', 'off'] as const);

const darkSystem = matchMedia('(prefers-color-scheme: dark)');
/** The colours in force; charts are drawn again when they change. */
export const dark = signal(false);
const show = () => {
  dark.value = scheme.value === 'dark' || (scheme.value === 'system' && darkSystem.matches);
  document.documentElement.dataset.scheme = dark.value ? 'dark' : 'light';
};
darkSystem.addEventListener('change', show);
effect(show);
