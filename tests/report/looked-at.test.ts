// Reports in a real browser: what axe-core finds, what is cut off or lies on something else, on a desk, on a phone and on
// paper, in both languages, light and dark. Not run where there is no Chromium: the name says so.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderReport } from '@vauban/report';
import { crowdedDocument } from '../../packages/report/test/crowded-document.ts';
import { sampleDocument } from '../../packages/report/test/sample-document.ts';

const CHROMIUM = '/usr/bin/chromium';
const found = existsSync(CHROMIUM);
const unlessMissing = found ? '' : ' (not run: no Chromium; scripts/install-debian-packages.sh installs it)';
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** An A4 sheet less its margins, at 96 pixels per inch. */
const PAPER_WIDTH = 687;

const documents = { usual: sampleDocument, crowded: crowdedDocument };
const names = ['usual', 'crowded'] as const;
const languages = ['en', 'fr'] as const;

const looks: readonly Look[] = names.flatMap((name) =>
  languages.flatMap((language) =>
    ([1280, 390] as const).map((width) => ({ name, language, width, scheme: 'light' as const })),
  ),
);
/** Between them every language, width and scheme; axe-core takes seconds for each. */
const axeLooks: readonly Look[] = [
  { name: 'usual', language: 'en', width: 1280, scheme: 'light' },
  { name: 'usual', language: 'fr', width: 390, scheme: 'dark' },
];

let browser: Browser;
let folder: string;

beforeAll(async () => {
  if (!found) return;
  folder = mkdtempSync(join(tmpdir(), 'vauban-report-'));
  for (const [name, each] of Object.entries(documents))
    for (const language of languages)
      writeFileSync(join(folder, `${name}-${language}.html`), renderReport(each, language));
  // Without its sandbox, since tests often run as root; it is shown nothing but what this test has written.
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
});

afterAll(async () => {
  if (!found) return;
  await browser.close();
  rmSync(folder, { recursive: true });
});

interface Look {
  readonly name: keyof typeof documents;
  readonly language: 'en' | 'fr';
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}

/** Fails on any request but the file's own, and on anything said to the console. */
async function withPage<T>(
  { name, language, width, scheme }: Look,
  look: (page: Page) => Promise<T>,
): Promise<T> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
  const file = `${name}-${language}.html`;
  const heard: string[] = [];
  page.on('console', (message) => heard.push(message.text()));
  page.on('request', (request) => request.url().endsWith(`/${file}`) || heard.push(request.url()));
  try {
    await page.goto(pathToFileURL(join(folder, file)).href);
    const seen = await look(page);
    expect(heard).toEqual([]);
    return seen;
  } finally {
    await page.close();
  }
}

/** Texts of visible drawings that leave their sheet or lie on another text. */
function untidy(): string[] {
  const bad: string[] = [];
  for (const drawing of document.querySelectorAll<SVGSVGElement>('svg[role=img]')) {
    const sheet = drawing.getBoundingClientRect();
    if (sheet.width === 0) continue;
    const texts = [...drawing.querySelectorAll('text')].map((text) => ({
      text: text.textContent,
      box: text.getBoundingClientRect(),
    }));
    texts.forEach(({ text, box }, at) => {
      const name = `${drawing.getAttribute('aria-labelledby')?.split(' ')[0]}: ${text}`;
      if (
        box.left < sheet.left - 1 ||
        box.right > sheet.right + 1 ||
        box.bottom > sheet.bottom + 1 ||
        box.top < sheet.top - 1
      )
        bad.push(`${name} leaves its sheet`);
      for (const other of texts.slice(0, at)) {
        const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        // Boxes of lines of text reach above and below the letters.
        if (across > 1 && down > 4) bad.push(`${name} lies on ${other.text}`);
      }
    });
  }
  return bad;
}

describe(`a report in Chromium${unlessMissing}`, () => {
  it.runIf(found).each(axeLooks)('passes axe-core in $language at $width px, $scheme', async (look) => {
    const violations = await withPage(look, async (page) => {
      // A tool's own call, not the page's: the page's policy lets nothing run.
      await page.evaluate(axe);
      return page.evaluate(async () => {
        type Result = { violations: { id: string; nodes: { html: string }[] }[] };
        const { axe: run } = globalThis as unknown as { axe: { run(): Promise<Result> } };
        const { violations: all } = await run.run();
        return all.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
        );
      });
    });
    expect(violations).toEqual([]);
  });

  it.runIf(found).each(looks)(
    'lets no text lie on another or leave its sheet, nor scrolls sideways: $name, $language, $width px',
    async (look) => {
      const seen = await withPage(look, async (page) => ({
        bad: await page.evaluate(untidy),
        width: await page.evaluate(() => document.documentElement.scrollWidth),
      }));
      expect(seen).toEqual({ bad: [], width: look.width });
    },
  );

  it.runIf(found)('changes its language by the keyboard alone', async () => {
    await withPage({ name: 'usual', language: 'en', width: 1280, scheme: 'light' }, async (page) => {
      const shown = () =>
        page.evaluate(() =>
          [...document.querySelectorAll('h1')]
            .filter((each) => each.checkVisibility())
            .map((each) => each.closest('[lang]')?.getAttribute('lang')),
        );
      expect(await shown()).toEqual(['en']);
      await page.keyboard.press('Tab');
      await page.keyboard.press('ArrowRight');
      expect(await shown()).toEqual(['fr']);
    });
  });

  it.runIf(found)('finds texts that do lie on each other', async () => {
    const page = await browser.newPage();
    await page.setContent(
      '<svg role="img" width="200" height="50"><text x="5" y="20">one</text><text x="9" y="21">two</text><text x="190" y="40">three</text></svg>',
    );
    const bad = await page.evaluate(untidy);
    await page.close();
    expect(bad).toEqual([
      expect.stringContaining('two lies on one'),
      expect.stringContaining('three leaves its sheet'),
    ]);
  });

  it.runIf(found).each(looks.filter(({ width }) => width === 1280))(
    'prints with nothing cut, every table open, light: $name, $language',
    async ({ name, language }) => {
      const seen = await withPage({ name, language, width: PAPER_WIDTH, scheme: 'dark' }, async (page) => {
        await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
        return page.evaluate(() => ({
          width: document.documentElement.scrollWidth,
          background: getComputedStyle(document.body).backgroundColor,
          tabs: document.querySelector('.bar')?.checkVisibility(),
          shut: [...document.querySelectorAll('details')].filter(
            (each) =>
              each.closest('.language')?.checkVisibility() &&
              (each.querySelector('table')?.getBoundingClientRect().height ?? 0) < 20,
          ).length,
          narrow: [...document.querySelectorAll('.narrow')].filter((each) => each.checkVisibility()).length,
        }));
      });
      expect(seen).toEqual({
        width: PAPER_WIDTH,
        background: 'rgb(255, 255, 255)',
        tabs: false,
        shut: 0,
        narrow: 0,
      });
    },
  );
});
