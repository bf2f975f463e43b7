// Typed faults: what went wrong as data (a code and facts), mapped once at each edge to an exit code or a message.
// A programmer's mistake is not a fault: use `assert`.

/** How a fault leaves the program: the CLI's exit codes and the remedy class other edges use. */
export type FaultKind =
  | 'usage' // the caller asked for something that cannot be meant
  | 'failure' // an operation failed
  | 'integrity' // bytes or signatures contradict the ledger
  | 'missing-fragments' // fewer than k fragments of a segment can be had
  | 'unreachable' // network or quorum out of reach
  | 'refused' // a rule said no
  | 'interrupted'; // a person or a signal stopped it

/** Facts are small, printable and never secret. */
export type Fact = string | number | boolean | null | readonly Fact[] | { readonly [key: string]: Fact };

export class Fault extends Error {
  override readonly name = 'Fault';
  readonly kind: FaultKind;
  readonly code: string;
  readonly facts: { readonly [key: string]: Fact };

  constructor(
    kind: FaultKind,
    code: string,
    message: string,
    facts: { readonly [key: string]: Fact } = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.code = code;
    this.facts = facts;
  }
}

export function isFault(value: unknown, code?: string): value is Fault {
  return value instanceof Fault && (code === undefined || value.code === code);
}

/** What is known of any thrown value, as a fault; unknown errors become a failure with their message. */
export function asFault(value: unknown): Fault {
  if (value instanceof Fault) return value;
  if (value instanceof Error) {
    const code = (value as { code?: unknown }).code;
    return new Fault('failure', typeof code === 'string' ? code : 'UNEXPECTED', value.message, {}, value);
  }
  return new Fault('failure', 'UNEXPECTED', String(value));
}

/** A programmer's mistake: crashes with a message that names the broken assumption. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
