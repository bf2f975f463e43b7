// What a daemon says while it works: an event name and facts, never file names of agencies, never secrets.

import type { Fact } from '@vauban/core';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type Log = (level: LogLevel, event: string, facts?: { readonly [key: string]: Fact }) => void;
