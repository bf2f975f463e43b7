// The whole terminal as one picture that is drawn again and again; the screen of before is back when it is closed.

import type { Io, Terminal } from './io.ts';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const END_OF_LINE = '\u001b[K';
const END_OF_SCREEN = '\u001b[J';
const CTRL_C = '\u0003';

export type Draw = (size: { readonly columns: number; readonly rows: number }) => readonly string[];

export class FullScreen {
  /** Aborted when the person asks to leave: q or Ctrl-C. */
  readonly left: AbortSignal;
  readonly #io: Io;
  readonly #terminal: Terminal;
  readonly #ends: readonly (() => void)[];
  #draw: Draw = () => [];

  constructor(io: Io, terminal: Terminal) {
    const leaving = new AbortController();
    this.left = leaving.signal;
    this.#io = io;
    this.#terminal = terminal;
    io.stdout.write(ENTER);
    this.#ends = [
      terminal.onKey((key) => {
        if (key === 'q' || key === 'Q' || key === CTRL_C) leaving.abort();
      }),
      terminal.onResize(() => this.#paint()),
    ];
  }

  /** Drawn now, and again whenever the size changes. As many lines as fit are shown. */
  show(draw: Draw): void {
    this.#draw = draw;
    this.#paint();
  }

  close(): void {
    for (const end of this.#ends) end();
    this.#io.stdout.write(LEAVE);
  }

  #paint(): void {
    const size = this.#terminal.size();
    const lines = this.#draw(size).slice(0, size.rows);
    this.#io.stdout.write(`${HOME}${lines.join(`${END_OF_LINE}\r\n`)}${END_OF_LINE}${END_OF_SCREEN}`);
  }
}
