// Types of relay.js, which stays JavaScript because the machine's own Node runs it.

import type { ChildProcess } from 'node:child_process';

export function relay(child: ChildProcess): Promise<number>;
