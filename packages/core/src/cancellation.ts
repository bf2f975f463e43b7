// Tying cancellations together without leaving listeners behind on signals that outlive the work.

/** A controller that aborts with `parent`; `release` unties it, and must be called when the work has ended. */
export function tiedController(parent: AbortSignal | undefined): {
  readonly controller: AbortController;
  readonly release: () => void;
} {
  const controller = new AbortController();
  if (parent === undefined) return { controller, release: () => undefined };
  const abort = () => controller.abort(parent.reason);
  if (parent.aborted) abort();
  parent.addEventListener('abort', abort, { once: true });
  return { controller, release: () => parent.removeEventListener('abort', abort) };
}

/**
 * `work`, or the signal's reason as soon as it aborts. What `work` yields afterwards goes to `late`, so that a stream
 * opened for nobody is closed; its later failure is of no interest.
 */
export function orAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
  late: (result: Result) => void = () => undefined,
): Promise<Result> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    let left = false;
    const abort = () => {
      left = true;
      reject(signal.reason);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    const untie = () => signal.removeEventListener('abort', abort);
    work.then(
      (result) => {
        untie();
        if (left) late(result);
        else resolve(result);
      },
      (error: unknown) => {
        untie();
        reject(error);
      },
    );
  });
}
