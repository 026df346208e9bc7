/**
 * Calls across to a worker and back: `serveMethods` in the worker, `connect` in the page. Arguments and results are
 * copied as messages are; an error comes over with its name and message.
 */

/** What a worker can be asked for. */
export type Methods = Readonly<Record<string, (...args: never[]) => unknown>>;

/** A worker's methods, as they are seen from the page. */
export type Remote<M extends Methods> = {
  readonly [Name in keyof M]: (
    ...args: Parameters<M[Name]>
  ) => Promise<Awaited<ReturnType<M[Name]>>>;
};

interface Call {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly name: string; readonly message: string };
}

/** What a worker says unasked. */
interface Notice {
  readonly notice: unknown;
}

/** Answers calls in a worker. One call may be under way while another comes. */
export function serveMethods(methods: Methods): void {
  // What a method takes, its own type says, and that of its `Remote` in the page.
  const named = methods as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
  addEventListener("message", async ({ data }: MessageEvent<Call>) => {
    const { id, method, args } = data;
    try {
      const result = await named[method]?.(...args);
      postMessage({ id, result } satisfies Reply);
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      postMessage({ id, error: { name, message } } satisfies Reply);
    }
  });
}

/** Says something to the page unasked. */
export function notify(notice: unknown): void {
  postMessage({ notice } satisfies Notice);
}

/** Who waits for a reply. */
interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: RemoteError) => void;
}

/** A worker at the other end. */
export interface Connection<M extends Methods> {
  readonly remote: Remote<M>;
  /** Ends the worker; calls under way are refused. */
  close(): void;
}

/** A failure in a worker, under the name that it had there. */
export class RemoteError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/**
 * Opens the line to a worker.
 *
 * @param onNotice called with what it says unasked
 */
export function connect<M extends Methods>(
  worker: Worker,
  onNotice: (notice: unknown) => void = () => {},
): Connection<M> {
  const waiting = new Map<number, Waiting>();
  let last = 0;
  const fail = (message: string): void => {
    for (const { reject } of waiting.values()) reject(new RemoteError("WorkerError", message));
    waiting.clear();
  };
  worker.addEventListener("message", ({ data }: MessageEvent<Reply | Notice>) => {
    if ("notice" in data) {
      onNotice(data.notice);
      return;
    }
    const { id, result, error } = data;
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new RemoteError(error.name, error.message));
  });
  worker.addEventListener("error", (event) => {
    fail(`what computes here ended: ${event.message || "it could not be loaded"}`);
  });
  const ask = (method: string, args: readonly unknown[]): Promise<unknown> => {
    const id = ++last;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, method, args } satisfies Call);
    });
  };
  const remote = new Proxy({} as Remote<M>, {
    get:
      (_, method) =>
      (...args: unknown[]) =>
        ask(String(method), args),
  });
  return {
    remote,
    close: () => {
      worker.terminate();
      fail("it was stopped");
    },
  };
}
