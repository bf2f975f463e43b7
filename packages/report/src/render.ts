// From a document to one self-contained HTML file: no script, nothing fetched, both languages in it. The same document
// gives the same bytes. Breaks when an id is used twice: everything under a section carries language and section in it.

import { assert } from '@vauban/core';
import { hatchings } from './chart/ink.ts';
import type { Language, ReportDocument, Section } from './document.ts';
import { html, type Markup, trusted } from './markup.ts';
import { partMarkup } from './part.ts';
import { check, cross, dot } from './sign.ts';
import { style } from './style.ts';
import { LANGUAGES, wordsIn } from './text/language.ts';
import { time } from './text/quantity.ts';
import { KINDS, LANGUAGE_NAMES, TERMS, VERDICTS } from './text/vocabulary.ts';

/** Nothing is loaded and nothing runs, even if something slipped through the escaping; the style sheet is in the page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** Shorter reports need no table of contents. */
const CONTENTS_FROM = 4;

/** One self-contained HTML file with both languages in it; `first` is the one shown when it is opened. */
export function renderReport(document: ReportDocument, first: Language = 'en'): string {
  const ids = document.sections.map(({ id }) => id);
  assert(
    ids.every((id) => /^[A-Za-z0-9-]+$/.test(id)) && new Set(ids).size === ids.length,
    'ids of sections are made of letters, digits and dashes, and each is used once',
  );
  return html`<!doctype html>
<html lang="${first}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="vauban/report/0">
<title>${wordsIn(first, document.title)}</title>
<style>${trusted(style)}</style>
</head>
<body>
${hatchings()}
${languageTabs(first)}
<main>
${LANGUAGES.map((language) => body(document, language))}</main>
<script type="application/json" id="report-data">${trusted(json(document.data))}</script>
</body>
</html>
`.markup;
}

/** Valid JSON that no HTML parser takes for the end of its element, and no other kind of markup. */
function json(data: object): string {
  return JSON.stringify(data).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function languageTabs(first: Language): Markup {
  const tabs = LANGUAGES.map(
    (language) =>
      html`<input type="radio" name="language" id="language-${language}"${language === first && html` checked`}><label for="language-${language}" lang="${language}">${LANGUAGE_NAMES[language]}</label>`,
  );
  return html`<header class="bar"><fieldset class="languages"><legend>Language · <span lang="fr">Langue</span></legend>${tabs}</fieldset></header>`;
}

function body(document: ReportDocument, language: Language): Markup {
  const { kind, title, subtitle, madeAt, sections } = document;
  const made = `${wordsIn(language, TERMS.madeAt)} ${time(madeAt, language)}`;
  return html`<div class="language ${language}" lang="${language}">
<p class="kind">${wordsIn(language, KINDS[kind])}</p>
<h1>${wordsIn(language, title)}</h1>
<p class="subtitle">${wordsIn(language, subtitle)}</p>
${verdict(document, language)}
<p class="made">${made}</p>
${sections.length >= CONTENTS_FROM && contents(sections, language)}
${sections.map((each) => section(each, language))}
<footer><p>${wordsIn(language, TERMS.reportBy)} · ${made}. ${wordsIn(language, TERMS.inside)}</p></footer>
</div>
`;
}

function verdict(document: ReportDocument, language: Language): Markup {
  const { ok, line } = document.verdict;
  const [outcome, glyph] =
    ok === null
      ? (['open', dot()] as const)
      : ok
        ? (['kept', check()] as const)
        : (['broken', cross()] as const);
  return html`<p class="verdict ${outcome}">${glyph}<span><strong>${wordsIn(language, VERDICTS[document.kind][outcome])}</strong> <span class="line">${wordsIn(language, line)}</span></span></p>`;
}

function contents(sections: readonly Section[], language: Language): Markup {
  const items = sections.map(
    ({ id, title }) => html`<li><a href="#${language}-${id}">${wordsIn(language, title)}</a></li>`,
  );
  return html`<nav aria-label="${wordsIn(language, TERMS.contents)}"><ol>${items}</ol></nav>`;
}

function section({ id, title, text = [], parts }: Section, language: Language): Markup {
  const anchor = `${language}-${id}`;
  return html`<section aria-labelledby="${anchor}">
<h2 id="${anchor}">${wordsIn(language, title)}</h2>
${text.map((paragraph) => html`<p>${wordsIn(language, paragraph)}</p>\n`)}${parts.map((part, at) => partMarkup(part, language, `${anchor}-part-${at}`))}</section>
`;
}
