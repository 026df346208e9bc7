import type { Storage } from "../../src/core/storage.ts";
import type { Device } from "../../src/kernels/device.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { DONE, FAILED, type Request, type Token } from "./blocking-gpu-protocol.ts";
import { replaced } from "./replaced.ts";

/**
 * The worker's side of a BlockingGpu, wherever it is a worker of.
 *
 * @returns what to call with every request, in order
 */
export function serveGpu(opened: Promise<Device>): (request: Request) => void {
  const storages = new Map<number, Storage>();
  let failure: unknown = null;
  // One request after the other, the next when the one before is done.
  let queue = Promise.resolve();
  return (request) => {
    queue = queue.then(() => serve(request));
  };

  async function serve(request: Request): Promise<void> {
    try {
      if (request.kind !== "read") {
        await answer(request);
        return;
      }
      if (failure !== null) throw failure;
      const { shared, token } = request;
      const numbers = await storageOf(token).read();
      const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
      new Uint8Array(shared, 4).set(bytes);
      tell(shared, DONE);
    } catch (error) {
      failure ??= error;
      if (request.kind !== "read") return;
      const text = new TextEncoder().encode(String(error instanceof Error ? error.message : error));
      const room = new Uint8Array(request.shared, 4);
      room.fill(0);
      room.set(text.subarray(0, room.length - 1));
      tell(request.shared, FAILED);
      failure = null;
    }
  }

  async function answer(request: Exclude<Request, { kind: "read" }>): Promise<void> {
    const device = await opened;
    switch (request.kind) {
      case "allocate":
        storages.set(request.token, device.allocate(request.dtype, request.length));
        return;
      case "slice":
        storages.set(request.token, storageOf(request.of).slice(request.offset, request.length));
        return;
      case "release":
        storages.get(request.token)?.release();
        storages.delete(request.token);
        return;
      case "write":
        storageOf(request.token).write(request.data);
        return;
      case "call": {
        const kernel = device.kernels[request.op as keyof Kernels<Storage, Storage>];
        (kernel as (...given: unknown[]) => void)(...request.given.map(withStorages));
      }
    }
  }

  function storageOf(token: number): Storage {
    const storage = storages.get(token);
    if (storage === undefined) throw new Error(`no storage ${token}: it was released`);
    return storage;
  }

  function withStorages(argument: unknown): unknown {
    return replaced(argument, (object) =>
      "token" in object ? storageOf((object as Token).token) : undefined,
    );
  }
}

function tell(shared: SharedArrayBuffer, state: number): void {
  const word = new Int32Array(shared, 0, 1);
  Atomics.store(word, 0, state);
  Atomics.notify(word, 0);
}
