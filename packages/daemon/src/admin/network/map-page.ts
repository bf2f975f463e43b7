// The page around the live map: holds no data, so whoever reaches the port may have it. Asks for a token; what it does with
// one is the script's. Also owns which headers keep a browser from doing anything else with it.

import { escapeHtml } from '@vauban/report';
import type { Language, Words } from './network-view.ts';

/** Everything from here and nothing inline; an empty icon, so that none is asked for. */
export const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

const texts = {
  title: { en: 'Vauban: is any data at risk?', fr: 'Vauban : des données sont-elles en danger ?' },
  skip: { en: 'To the sites', fr: 'Aller aux sites' },
  languages: { en: 'Language', fr: 'Langue' },
  connecting: { en: 'Asking the daemon…', fr: 'Interrogation du démon…' },
  live: { en: 'Live, as of {time}', fr: 'En direct, {time}' },
  deaf: {
    en: 'NOT LIVE since {time}: the daemon does not answer. What is below was true then; trying again.',
    fr: 'PLUS EN DIRECT depuis {time} : le démon ne répond pas. Ce qui suit était vrai alors ; nouvel essai en cours.',
  },
  never: {
    en: 'The daemon does not answer yet; trying again.',
    fr: 'Le démon ne répond pas encore ; nouvel essai en cours.',
  },
  tokenNeeded: { en: 'A token is needed', fr: 'Il faut un jeton' },
  tokenWrong: {
    en: 'That token is not accepted: it has ended, or is another daemon’s',
    fr: 'Ce jeton n’est pas accepté : il est périmé, ou c’est celui d’un autre démon',
  },
  tokenOperate: {
    en: 'That token may change things, and a page should not have it: make one to read with',
    fr: 'Ce jeton permet de modifier, une page ne doit pas l’avoir : faites-en un pour lire',
  },
  tokenHow: {
    en: 'On this machine, under the daemon’s account, this prints a link that opens the page:',
    fr: 'Sur cette machine, sous le compte du démon, ceci affiche un lien qui ouvre la page :',
  },
  token: { en: 'Or paste a token here', fr: 'Ou collez un jeton ici' },
  open: { en: 'Open', fr: 'Ouvrir' },
  noscript: {
    en: 'This page needs its script. In a terminal: vauban network watch, vauban daemon status.',
    fr: 'Cette page a besoin de son script. Dans un terminal : vauban network watch, vauban daemon status.',
  },
} as const satisfies { readonly [name: string]: Words };

const names: { readonly [language in Language]: string } = { en: 'English', fr: 'Français' };

/** What `?lang=` asks for, else the first of the two that the browser would like; English when it likes neither. */
export function languageOf(asked: string | undefined, accepted: string | undefined): Language {
  if (asked === 'en' || asked === 'fr') return asked;
  const liked = (accepted ?? '')
    .slice(0, 500)
    .split(',')
    .flatMap((part) => {
      const [tag = '', ...more] = part.trim().toLowerCase().split(';');
      const language = /^(en|fr)(-|$)/.exec(tag)?.[1] as Language | undefined;
      const quality = Number(/^\s*q=([\d.]+)$/.exec(more[0] ?? '')?.[1] ?? 1);
      return language === undefined || !(quality > 0) ? [] : [{ language, quality }];
    });
  return liked.reduce<{ language: Language; quality: number }>(
    (best, one) => (one.quality > best.quality ? one : best),
    { language: 'en', quality: 0 },
  ).language;
}

export function mapPage(language: Language): string {
  const say = (name: keyof typeof texts) => escapeHtml(texts[name][language]);
  const spoken = (
    ['connecting', 'live', 'deaf', 'never', 'tokenNeeded', 'tokenWrong', 'tokenOperate'] as const
  )
    .map((name) => ` data-${name.toLowerCase()}="${say(name)}"`)
    .join('');
  const links = (['en', 'fr'] as const).map(
    (one) =>
      `<a href="?lang=${one}" hreflang="${one}" lang="${one}"${one === language ? ' aria-current="true"' : ''}>${names[one]}</a>`,
  );
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${say('title')}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/map.css">
<script src="/map.js" defer></script>
</head>
<body${spoken}>
<a class="skip" id="skip" href="#sites" hidden>${say('skip')}</a>
<header>
<p id="live">${say('connecting')}</p>
<nav aria-label="${say('languages')}">${links.join(' ')}</nav>
</header>
<p id="announce" class="unseen" role="status"></p>
<main>
<noscript><p>${say('noscript')}</p></noscript>
<form id="ask" hidden>
<h1 id="ask-why">${say('tokenNeeded')}</h1>
<p>${say('tokenHow')}</p>
<pre><code>vauban daemon token --config daemon.toml --link</code></pre>
<label for="token">${say('token')}</label>
<input id="token" name="token" type="password" autocomplete="off" spellcheck="false" required>
<button type="submit">${say('open')}</button>
</form>
<div id="content"></div>
</main>
</body>
</html>
`;
}
