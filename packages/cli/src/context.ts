// What every verb gets: where to print, whether it was interrupted, and one way to declare itself, so that all verbs
// treat --json, examples, results and faults alike.

import type { Fact, Fault } from '@vauban/core';
import type { Command } from 'commander';
import { exitCodeOf } from './exit-code.ts';
import type { Io } from './io.ts';
import { printable, wrap } from './output.ts';
import { Progress } from './progress.ts';

const LISTED_MAX = 20;

export interface Surroundings {
  readonly io: Io;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface Declared<Options> {
  /** One command line, without the leading `$ `. */
  readonly example: string;
  /** Paragraphs below the options. */
  readonly notes?: string;
  readonly run: (args: readonly (string | undefined)[], options: Options) => Promise<void>;
}

export class Context {
  readonly io: Io;
  readonly signal: AbortSignal;
  /** Exit status of a verb that ended without a fault. */
  status = 0;
  #json = false;
  #progress: Progress | undefined;

  constructor({ io, signal }: Surroundings) {
    this.io = io;
    this.signal = signal;
  }

  get json(): boolean {
    return this.#json;
  }

  /** Completes a command with what all verbs share, and hooks up its work. */
  declare<Options extends object>(command: Command, verb: Declared<Options>): void {
    command
      .option('--json', 'print one JSON document')
      .addHelpText(
        'after',
        `${verb.notes === undefined ? '' : `\n${wrap(verb.notes)}\n`}\nExample:\n  $ ${verb.example}`,
      )
      .action(async (...all: unknown[]) => {
        const options = all.at(-2) as Options & { readonly json?: boolean };
        this.#json = options.json === true;
        await verb.run(all.slice(0, -2) as (string | undefined)[], options);
      });
  }

  /** Exit status a fault stands for, for verbs that go on after one. */
  exitCode(fault: Fault): number {
    return exitCodeOf(fault.kind);
  }

  /** The verb's result: the document with --json, otherwise its text; both on stdout. */
  print(document: object, text: string): void {
    this.end();
    const out = this.#json ? JSON.stringify(document) : text;
    if (out !== '') this.io.stdout.write(out.endsWith('\n') ? out : `${out}\n`);
  }

  /** A word to the person at the terminal, on stderr. A log gets it in one line, a terminal in lines it can show. */
  say(text: string): void {
    this.end();
    const { stderr } = this.io;
    const safe = text.split('\n').map(printable).join('\n');
    stderr.write(`${stderr.isTTY === true ? wrap(safe) : safe}\n`);
  }

  /** Up to twenty lines about parts of the work that failed; the document has them all. */
  sayEach(lines: readonly string[]): void {
    for (const line of lines.slice(0, LISTED_MAX)) this.say(printable(line));
    if (lines.length > LISTED_MAX) this.say(`… and ${lines.length - LISTED_MAX} more (--json has all)`);
  }

  /** A bar on stderr, when that is a terminal and it takes longer than a second. Ends with the next print. */
  progress(label: string): Progress {
    this.end();
    this.#progress = new Progress(this.io.stderr, label);
    return this.#progress;
  }

  end(): void {
    this.#progress?.end();
    this.#progress = undefined;
  }

  /** Prints a fault: text on stderr, and with --json the document on stdout. Returns the exit status. */
  fail(fault: Fault, json: boolean = this.#json, error?: unknown): number {
    this.say(`vauban: ${fault.message}`);
    if (this.io.env['VAUBAN_DEBUG'] !== undefined && error instanceof Error) {
      this.io.stderr.write(`${error.stack ?? ''}\n`);
    }
    if (json) {
      const { kind, code, message, facts } = fault;
      const document: { readonly [key: string]: Fact } = { error: { kind, code, message, facts } };
      this.io.stdout.write(`${JSON.stringify(document)}\n`);
    }
    return exitCodeOf(fault.kind);
  }
}
