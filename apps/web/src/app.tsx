import { useEffect, useRef } from 'preact/hooks';
import { StatusBar } from './shell/status-bar.js';
import { Menu, PAGES, pageAt } from './shell/menu.js';
import { place } from './router.js';
import { shortcuts } from './preferences.js';
import { go } from './router.js';

/** The frame around every page: menu, state of the exchange, and the page itself. */
export function App() {
  const page = pageAt(place.value.page);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    document.title = `${page.title} · zkrisk`;
    // A reader who does not see the page change is told by where the focus is.
    if (!first.current) main.current?.focus();
    first.current = false;
  }, [page]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (shortcuts.value === 'off' || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target as HTMLElement;
      if (target.closest('input, textarea, select, dialog, [contenteditable]') !== null) return;
      const nth = PAGES[Number(event.key) - 1];
      if (nth !== undefined) go(nth.path);
    };
    addEventListener('keydown', press);
    return () => {
      removeEventListener('keydown', press);
    };
  }, []);
  const { Page } = page;
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the page
      </a>
      <Menu at={page.path} />
      <div class="column">
        <StatusBar />
        <main id="main" tabIndex={-1} ref={main}>
          <h1 class="unseen">{page.title}</h1>
          <Page />
        </main>
      </div>
    </>
  );
}
