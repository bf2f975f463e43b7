// Which faults say that a peer lied: this side checked what it sent and found it wrong. Kept beside the fault, never in
// it, so that no peer can send one.

import type { Fault } from '@vauban/core';

const lies = new WeakSet<Fault>();

/** The same fault, known from now on as one about the other side's bytes or signature. */
export function lie(fault: Fault): Fault {
  lies.add(fault);
  return fault;
}

/** Whether this side found the other's bytes or signature wrong; a daemon that admits damage is honest. */
export function isLie(fault: Fault): boolean {
  return lies.has(fault);
}
