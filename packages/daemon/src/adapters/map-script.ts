// What runs in the browser on the live map. Written as one function that stands alone: the daemon serves its text, and there is
// nothing else in it. The token stays in this tab's memory; it comes in behind the # of the address, which no server gets to see.

/** The script as the browser gets it. */
export function mapScript(): string {
  return `(${onPage.toString()})();\n`;
}

function onPage(): void {
  const EVERY_MS = 2_000;
  const PATIENCE_MS = 5_000;
  const KEPT = 'vauban-token';
  const { body } = document;
  const said = body.dataset;
  const language = document.documentElement.lang;
  const at = (id: string) => document.getElementById(id);
  const live = at('live');
  const announce = at('announce');
  const form = at('ask');
  const field = at('token') as HTMLInputElement | null;
  const content = at('content');
  const skip = at('skip');
  const drawn = new Map<string, string>();
  let liveAt: Date | undefined;
  let lastSaid = '';
  let token = sessionStorage.getItem(KEPT) ?? '';
  let timer: ReturnType<typeof setTimeout> | undefined;

  const timeOf = (date: Date, seconds: boolean) => {
    const clock: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
    if (seconds) clock.second = '2-digit';
    const today = date.toDateString() === new Date().toDateString();
    return today
      ? date.toLocaleTimeString(language, clock)
      : date.toLocaleString(language, { day: 'numeric', month: 'short', ...clock });
  };

  /** To whoever listens rather than looks: only when it is another thing than before. */
  const tell = (text: string) => {
    if (announce === null || text === lastSaid) return;
    lastSaid = text;
    announce.textContent = text;
  };

  const sayLive = (text: string) => {
    if (live !== null) live.textContent = text;
  };

  const askForToken = (why: string) => {
    sessionStorage.removeItem(KEPT);
    token = '';
    const heading = at('ask-why');
    if (heading !== null) heading.textContent = why;
    if (form !== null) form.hidden = false;
    if (skip !== null) skip.hidden = true;
    content?.replaceChildren();
    drawn.clear();
    body.classList.remove('deaf');
    sayLive(why);
    tell(why);
    field?.focus();
  };

  const take = (text: string) => {
    if (text.startsWith('vauban-admin0.operate.')) {
      askForToken(said['tokenoperate'] ?? '');
      return;
    }
    token = text;
    sessionStorage.setItem(KEPT, text);
    if (form !== null) form.hidden = true;
    sayLive(said['connecting'] ?? '');
    void refresh();
  };

  /** One section: whoever is in the middle of a table stays there. */
  const replace = (old: Element, fresh: Element) => {
    const focused = old.contains(document.activeElement) ? document.activeElement?.id : undefined;
    const offsets = [...old.querySelectorAll('.scroll')].map((one) => [one.id, one.scrollLeft] as const);
    old.replaceWith(fresh);
    for (const [id, left] of offsets) at(id)?.scrollTo({ left });
    if (focused !== undefined && focused !== '') at(focused)?.focus({ preventScroll: true });
  };

  const draw = (html: string) => {
    const view = new DOMParser().parseFromString(html, 'text/html').getElementById('view');
    if (view === null || content === null) return;
    const texts = [...view.children].map((one) => [one.id, one.outerHTML] as const);
    for (const time of view.querySelectorAll('time'))
      time.textContent = timeOf(new Date(time.dateTime), false);
    const present = at('view');
    if (present === null) content.replaceChildren(document.importNode(view, true));
    else {
      for (const [id, text] of texts) {
        const [old, fresh] = [at(id), view.querySelector(`#${id}`)];
        if (drawn.get(id) !== text && old !== null && fresh !== null)
          replace(old, document.importNode(fresh, true));
      }
      present.dataset['level'] = view.dataset['level'];
    }
    for (const [id, text] of texts) drawn.set(id, text);
    if (skip !== null) skip.hidden = false;
    document.title = view.dataset['title'] ?? '';
    tell(view.dataset['line'] ?? '');
  };

  const deaf = () => {
    body.classList.toggle('deaf', liveAt !== undefined);
    const text =
      liveAt === undefined
        ? (said['never'] ?? '')
        : (said['deaf'] ?? '').replace('{time}', timeOf(liveAt, false));
    sayLive(text);
    tell(text);
    if (liveAt !== undefined) document.title = `⚠ ${document.title.replace(/^⚠ /, '')}`;
  };

  const refresh = async () => {
    clearTimeout(timer);
    try {
      const answer = await fetch(`/map/content?lang=${language}`, {
        headers: { authorization: `Bearer ${token}` },
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (answer.status === 401 || answer.status === 403) {
        askForToken(said['tokenwrong'] ?? '');
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      draw(await answer.text());
      liveAt = new Date();
      body.classList.remove('deaf');
      sayLive((said['live'] ?? '').replace('{time}', timeOf(liveAt, true)));
    } catch {
      deaf();
    }
    timer = setTimeout(() => void refresh(), EVERY_MS);
  };

  /** The token leaves the address bar, and what is behind: nobody bookmarks it by accident. */
  const fromAddress = () => {
    const hash = decodeURIComponent(location.hash.slice(1));
    if (!hash.startsWith('vauban-admin0.')) return '';
    history.replaceState(null, '', location.pathname + location.search);
    return hash;
  };

  form?.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = field?.value.trim() ?? '';
    if (field !== null) field.value = '';
    if (text !== '') take(text);
  });
  window.addEventListener('hashchange', () => {
    const hash = fromAddress();
    if (hash !== '') take(hash);
  });
  const first = fromAddress();
  if (first !== '') take(first);
  else if (token !== '') void refresh();
  else askForToken(said['tokenneeded'] ?? '');
}
