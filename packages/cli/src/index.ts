// The door of `cli`: the command as a function, for tests and for programs that would rather not start a process.

export { exitCodeOf } from './exit-code.ts';
export type { Io } from './io.ts';
export { main } from './main.ts';
