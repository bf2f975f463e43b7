// One life cycle for every part that holds something open: start once, stop once, stop is safe at any time.

export interface Startable {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the parts in order; when one fails, those already started are stopped in reverse before the error is passed on. */
export async function startAll(parts: readonly Startable[]): Promise<void> {
  const started: Startable[] = [];
  for (const part of parts) {
    try {
      await part.start();
      started.push(part);
    } catch (error) {
      await stopAll(started);
      throw error;
    }
  }
}

/** Stops in reverse order; every part gets its chance, and the first error is passed on. */
export async function stopAll(parts: readonly Startable[]): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  for (const part of parts.toReversed()) {
    try {
      await part.stop();
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure) throw failure.error;
}
