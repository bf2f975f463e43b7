// The live map as a hoster opens it: a real daemon's page in a real browser, and the same in a terminal, while a site burns.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, begin, run } from '../support/command.ts';
import { bytesOf, interrupt, TestNetwork, type TestVault, until } from '../support/network.ts';
import { axeFindings, hasBrowser, linkTo, MapBrowser, unlessMissing, withAdminPort } from './map-browser.ts';

let network: TestNetwork;
let browser: MapBrowser | undefined;
let address = '';
let config = '';
let link = '';

beforeAll(async () => {
  network = await TestNetwork.create({ sites: 6, k: 2, m: 2, options: ['--lost-after', '6s'] });
  ({ config } = await network.daemon('metz'));
  address = await withAdminPort(config);
  await network.start();
  const vault = await network.vault();
  // Where a segment goes is drawn from its name, which is random: until the site that will burn holds some of the data.
  for (let stored = false; !stored; ) {
    const name = `${crypto.randomUUID()}.bin`;
    await vault.ask('put', await network.tree('tree', { [name]: bytesOf(2_000_000) }));
    stored = await holds(vault, `tree/${name}`, 'strasbourg');
  }
  link = await linkTo(config);
  if (hasBrowser) browser = await MapBrowser.open();
});
afterAll(async () => {
  await browser?.close();
  await network.close();
});

async function holds(vault: TestVault, path: string, site: string): Promise<boolean> {
  const { segments } = await vault.ask('where', path);
  return segments.some(({ fragments }: { fragments: { site: string }[] }) =>
    fragments.some((one) => one.site === site),
  );
}

const token = () => link.slice(link.indexOf('#') + 1);
const get = (path: string, headers: { readonly [name: string]: string } = {}) =>
  fetch(`${address}${path}`, { headers });
const opened = (options = {}) => (browser as MapBrowser).look(link, options);

describe('the port', () => {
  test('gives anyone the page, and nobody what it shows without a token', async () => {
    for (const path of ['/', '/map', '/map.js', '/map.css']) {
      const answer = await get(path);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(answer.headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; script-src 'self';/,
      );
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(await answer.text()).not.toMatch(/strasbourg|metz/i);
    }
    for (const path of ['/map/content', '/v0/network']) {
      expect((await get(path)).status).toBe(401);
      const answer = await get(path, { authorization: `Bearer ${token()}` });
      expect([path, answer.status]).toEqual([path, 200]);
      expect(await answer.text()).toContain('Strasbourg');
    }
  });

  test('speaks the language that the browser likes, or the address asks for', async () => {
    const page = async (path: string, languages: string) =>
      (await get(path, { 'accept-language': languages })).text();
    expect(await page('/map', 'fr-FR,en;q=0.5')).toContain('<html lang="fr">');
    expect(await page('/map?lang=en', 'fr')).toContain('<html lang="en">');
  });
});

describe(`in a browser${unlessMissing}`, () => {
  test.each([
    ['light', 1280, 'en'],
    ['dark', 1280, 'fr'],
    ['light', 390, 'fr'],
    ['dark', 390, 'en'],
  ] as const)(
    '%s at %i px in %s: axe finds nothing wrong, nothing is cut off, nothing is refused',
    async (colorScheme, width, lang) => {
      if (!hasBrowser) return;
      const viewport = { width, height: 800 };
      const { page, complaints, requests } = await (browser as MapBrowser).look(
        link.replace('/#', `/map?lang=${lang}#`),
        { colorScheme, viewport },
      );
      await page.waitForSelector('#line');
      expect(await page.locator('html').getAttribute('lang')).toBe(lang);
      expect(await page.locator('#line').innerText()).toMatch(
        /^(No data is at risk|Aucune donnée n’est en danger)/,
      );
      expect(await page.locator('svg.map:visible').count()).toBe(1);
      expect(await axeFindings(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      expect(complaints).toEqual([]);
      expect(requests.filter((url) => !url.startsWith(`${address}/`) && url !== 'data:,')).toEqual([]);
      await page.context().close();
    },
  );

  test('the token is in no address, and in no other tab', async () => {
    if (!hasBrowser) return;
    const { page, requests } = await opened();
    await page.waitForSelector('#line');
    expect(page.url()).toBe(`${address}/`);
    expect(requests.filter((url) => url.includes('vauban-admin0') && !url.startsWith(link))).toEqual([]);
    const other = await page.context().newPage();
    await other.goto(`${address}/`);
    await other.waitForSelector('#ask:visible');
    expect(await other.locator('#content').innerText()).toBe('');
    await page.context().close();
  });

  test('a token can be typed; one that is wrong, or may do more than read, is turned away', async () => {
    if (!hasBrowser) return;
    const { page, complaints } = await (browser as MapBrowser).look(`${address}/`);
    await page.waitForSelector('#ask:visible');
    expect(await axeFindings(page)).toEqual([]);
    expect(complaints).toEqual([]);
    // The field has the keyboard already.
    const type = async (text: string) => {
      await page.keyboard.type(text);
      await page.keyboard.press('Enter');
    };
    await type(token().replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')));
    await page.waitForFunction(() =>
      document.getElementById('ask-why')?.textContent?.includes('not accepted'),
    );
    const { token: operate } = await ask(['daemon', 'token', '--config', config, '--scope', 'operate']);
    await type(String(operate));
    await page.waitForFunction(() =>
      document.getElementById('ask-why')?.textContent?.includes('may change things'),
    );
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    await type(token());
    await page.waitForSelector('#line');
    await page.context().close();
  });

  test('the keyboard reaches everything, in order, and stays where it is when the page changes', async () => {
    if (!hasBrowser) return;
    const { page } = await opened();
    await page.waitForSelector('#line');
    const focused = () =>
      page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent);
    const seen: (string | null | undefined)[] = [];
    for (let nth = 0; nth < 4; nth++) {
      await page.keyboard.press('Tab');
      seen.push(await focused());
    }
    expect(seen).toEqual(['skip', 'English', 'Français', 'sites-table']);
    const outline = () =>
      page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle);
    expect(await outline()).toBe('solid');
    await page.evaluate(() => document.getElementById('sites')?.setAttribute('data-old', ''));
    const maintenance = ['site', 'maintenance', 'nancy', '--network', network.directory];
    await ask([...maintenance, '--until', '2h']);
    await page.waitForSelector('#sites:not([data-old]) .state-maintenance');
    expect(await focused()).toBe('sites-table');
    await ask([...maintenance, '--over']);
    await page.context().close();
  });

  test('no script but its own runs on it', async () => {
    if (!hasBrowser) return;
    const { page, complaints } = await opened();
    await page.waitForSelector('#line');
    const ran = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "taken over"';
      document.body.append(script);
      const image = document.createElement('img');
      image.setAttribute('onerror', 'document.title = "taken over"');
      image.src = 'data:,';
      document.body.append(image);
      return new Promise((resolve) => setTimeout(() => resolve(document.title), 200));
    });
    expect(ran).not.toBe('taken over');
    expect(complaints.filter((text) => text.includes('Content Security Policy'))).not.toEqual([]);
    await page.context().close();
  });

  test('it says that it is not live when its daemon is gone, and is live again without being touched', async () => {
    if (!hasBrowser) return;
    const { page } = await opened();
    await page.waitForSelector('#line');
    const before = await page.locator('#line').innerText();
    await network.kill('metz');
    await page.waitForSelector('body.deaf');
    expect(await page.locator('#live').innerText()).toMatch(
      /^NOT LIVE since \d\d:\d\d: the daemon does not answer/,
    );
    expect(await page.locator('#announce').innerText()).toMatch(/^NOT LIVE/);
    expect(await page.title()).toMatch(/^⚠ /);
    expect(await page.locator('#line').innerText()).toBe(before);
    expect(await axeFindings(page)).toEqual([]);
    await network.start();
    await page.waitForSelector('body:not(.deaf)');
    await page.waitForFunction(() => document.getElementById('live')?.textContent?.startsWith('Live, as of'));
    expect(await page.title()).not.toMatch(/^⚠/);
    await page.context().close();
  });
});

test('a site burns: page, terminal and document say so by themselves, and that it heals', async () => {
  const page = hasBrowser ? (await opened()).page : undefined;
  await page?.waitForSelector('#line');
  const plain = begin(['network', 'watch', network.directory]);
  const documents = begin(['network', 'watch', network.directory, '--json']);
  await plain.says('No data is at risk');
  // So little is stored that it would be healed between two looks.
  await ask(['repair', 'pause', '--network', network.directory]);
  await network.burn('strasbourg');
  await plain.says('Strasbourg has not answered');
  await plain.says('less safe than promised');
  await documents.says('"level":"reduced"');
  await plain.says('[Strasbourg lost]');
  await ask(['repair', 'resume', '--network', network.directory]);
  await plain.says('Nothing is to be repaired. [Strasbourg lost]');
  if (page !== undefined) {
    await page.waitForSelector('.state-lost');
    await page.waitForFunction(() =>
      document.getElementById('line')?.textContent?.startsWith('No data is at risk'),
    );
    expect(await page.locator('#sites tr', { hasText: 'Strasbourg' }).innerText()).toMatch(/lost/);
    expect(await page.locator('svg.map:visible .site-lost').count()).toBeGreaterThan(0);
    expect(await page.locator('#answer').getAttribute('class')).toBe('level-none');
    expect(await page.title()).toMatch(/^no risk/);
    expect(await page.locator('#announce').innerText()).toMatch(/^No data is at risk/);
    expect(await axeFindings(page)).toEqual([]);
    await page.context().close();
  }
  const ended = await Promise.all([interrupt(plain, 'SIGINT'), interrupt(documents, 'SIGTERM')]);
  expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual([
    [0, ''],
    [0, ''],
  ]);
  const said = ended[1].stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(said.length).toBeGreaterThan(3);
  const levels = said.map(({ risk }) => risk.level);
  expect([levels[0], levels.includes('reduced'), levels.at(-1)]).toEqual(['none', true, 'none']);
  expect(said.at(-1)).toMatchObject({ answers: 5, margin: { worst: 2, promised: 2, short: 0 } });
  expect(said.at(-1).silent).toEqual([expect.objectContaining({ site: 'strasbourg', code: 'SITE_BURNT' })]);
});

test('asked once, it says all it knows in 80 columns, or as one document', async () => {
  const words = await run(['network', 'watch', network.directory, '--once']);
  expect([words.code, words.stderr]).toEqual([0, '']);
  expect(words.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(words.stdout).toMatch(/^No data is at risk: any 2 more sites may be lost\./);
  expect(words.stdout).toMatch(/^✖ Strasbourg +lost/m);
  const french = await run(['network', 'watch', network.directory, '--once', '--lang', 'fr']);
  expect(french.stdout).toMatch(/^Aucune donnée n’est en danger\s: on peut/);
  const { format, risk } = await ask(['network', 'watch', network.directory, '--once']);
  expect([format, risk.level]).toEqual(['vauban/network-view/0', 'none']);
});

test('with every daemon gone it says that nobody answers, and goes on once they are back', async () => {
  const plain = begin(['network', 'watch', network.directory]);
  await plain.says('No data is at risk');
  await network.kill('metz', 'nancy', 'reims', 'mulhouse', 'colmar');
  await plain.says('none of the 6 daemons answers: start them with vauban network start');
  const once = await run(['network', 'watch', network.directory, '--once', '--json']);
  expect([once.code, once.json.error.code]).toEqual([5, 'NETWORK_SILENT']);
  await network.start();
  await until(
    () => plain.soFar().stdout.trimEnd().split('\n').at(-1)?.includes('No data is at risk') ?? false,
  );
  expect((await interrupt(plain, 'SIGINT')).code).toBe(0);
});
