import type { Dtype, Storage, StorageArray, StorageDtype } from "../../src/core/storage.ts";
import type { Device } from "../../src/kernels/device.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { FAILED, type Request, type Token } from "./blocking-gpu-protocol.ts";
import { replaced } from "./replaced.ts";

/** Longest wait for numbers; compiling kernels in software on a busy machine is slow. */
const PATIENCE = 80_000;

/** Numbers on the GPU of a worker, which this thread stops to wait for: `view` gives a copy. */
class BlockingStorage implements Storage {
  readonly dtype: StorageDtype;
  readonly length: number;
  readonly token: Token;
  readonly #gpu: BlockingGpu;

  constructor(gpu: BlockingGpu, dtype: StorageDtype, length: number) {
    this.#gpu = gpu;
    this.dtype = dtype;
    this.length = length;
    this.token = { token: gpu.next++ };
  }

  view(): StorageArray {
    return this.#gpu.read(this);
  }

  async read(): Promise<StorageArray> {
    return this.#gpu.read(this);
  }

  write(data: ArrayLike<number>): void {
    const { token } = this.token;
    this.#gpu.send({ kind: "write", token, data: Float64Array.from(data) });
  }

  slice(offset: number, length: number): Storage {
    const part = new BlockingStorage(this.#gpu, this.dtype, length);
    const { token } = part.token;
    this.#gpu.send({ kind: "slice", of: this.token.token, token, offset, length });
    return part;
  }

  release(): void {
    this.#gpu.send({ kind: "release", token: this.token.token });
  }
}

/**
 * A WebGPU device in a worker, whose numbers can be looked at without awaiting them, as those of every other device
 * can: so the same tests run on it.
 */
export class BlockingGpu implements Device {
  readonly name = "webgpu";
  readonly description = "WebGPU in a worker";
  readonly dtypes: readonly Dtype[] = ["float32"];
  // They can be looked at here, and are kept from layers all the same: these take the ways that a GPU asks for.
  readonly hostVisible = false;
  readonly kernels: Kernels<Storage, Storage>;
  /** The token of the next storage. */
  next = 0;
  readonly #post: (request: Request) => void;
  /** The views that were given since anything was sent, by their tokens, and what stood there. */
  readonly #shown = new Map<number, { view: StorageArray; before: StorageArray }>();

  /** @param post hands a request to a worker, which gives it to what `serveGpu` returns */
  constructor(post: (request: Request) => void) {
    this.#post = post;
    this.kernels = new Proxy({} as Kernels<Storage, Storage>, {
      get:
        (_, op: string) =>
        (...given: unknown[]): void =>
          this.send({ kind: "call", op, given: given.map(withTokens) }),
    });
  }

  allocate(dtype: StorageDtype, length: number): Storage {
    const storage = new BlockingStorage(this, dtype, length);
    this.send({ kind: "allocate", token: storage.token.token, dtype, length });
    return storage;
  }

  send(request: Request): void {
    this.#writeBack();
    this.#post(request);
  }

  /** Views are copies: what a test wrote to one goes to the GPU before anything else does. */
  #writeBack(): void {
    for (const [token, { view, before }] of this.#shown) {
      if (view.every((number, i) => Object.is(number, before[i]))) continue;
      this.#post({ kind: "write", token, data: Float64Array.from(view) });
    }
    this.#shown.clear();
  }

  /** Waits until everything that was sent is done, and gives the numbers. */
  read({ dtype, length, token }: BlockingStorage): StorageArray {
    const shared = new SharedArrayBuffer(4 + 4 * Math.max(length, 256));
    const state = new Int32Array(shared, 0, 1);
    this.send({ kind: "read", token: token.token, shared });
    if (Atomics.wait(state, 0, 0, PATIENCE) === "timed-out") throw new Error("the GPU is silent");
    if (Atomics.load(state, 0) === FAILED) {
      const text = new Uint8Array(shared.slice(4));
      throw new Error(new TextDecoder().decode(text.subarray(0, text.indexOf(0))));
    }
    const bytes = shared.slice(4, 4 + 4 * length);
    const view = dtype === "int32" ? new Int32Array(bytes) : new Float32Array(bytes);
    this.#shown.set(token.token, { view, before: view.slice() });
    return view;
  }
}

/** An argument with the token of every storage. */
function withTokens(argument: unknown): unknown {
  return replaced(argument, (object) =>
    object instanceof BlockingStorage ? object.token : undefined,
  );
}
