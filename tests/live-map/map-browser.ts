// A browser looking at a daemon's live map, with everything it asked for and complained about kept.

import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { ask } from '../support/command.ts';

const CHROMIUM = '/usr/bin/chromium';
export const hasBrowser = existsSync(CHROMIUM);
/** Ends the name of a test that needs one. */
export const unlessMissing = hasBrowser
  ? ''
  : ' (not run: no chromium; scripts/install-debian-packages.sh installs it)';

export interface Looked {
  readonly page: Page;
  /** Errors and warnings of the console, and errors of the page's script. */
  readonly complaints: readonly string[];
  /** Addresses of everything that was asked for. */
  readonly requests: readonly string[];
}

export class MapBrowser {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async open(): Promise<MapBrowser> {
    // The sandbox is not there for root, whom machines that build run as; nothing but our own page is looked at.
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    return new MapBrowser(await chromium.launch({ executablePath: CHROMIUM, args }));
  }

  async look(address: string, options: BrowserContextOptions = {}): Promise<Looked> {
    const context = await this.#browser.newContext({ locale: 'en-GB', ...options });
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(address);
    return { page, complaints, requests };
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}

/** What axe-core finds wrong, one line each. Its script comes in past the page's policy, which would not let it. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: judge } = window as unknown as {
      axe: {
        run(): Promise<{ violations: { id: string; help: string; nodes: { html: string }[] }[] }>;
      };
    };
    const { violations } = await judge.run();
    return violations.map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`,
    );
  });
}

/** Gives a daemon that does not run an admin port; its address. */
export async function withAdminPort(config: string): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  const text = await readFile(config, 'utf8');
  await writeFile(config, text.replace('# listen = "127.0.0.1:9464"', `listen = "127.0.0.1:${port}"`));
  return `http://127.0.0.1:${port}`;
}

/** A link that opens the map, as its hoster gets one. */
export async function linkTo(config: string): Promise<string> {
  const { link } = await ask(['daemon', 'token', '--config', config, '--link']);
  return String(link);
}
