import { DeviceError } from "../../core/errors.ts";

/** What befell a GPU, for the next call to say: WebGPU itself tells of it later, and to nobody in particular. */
export class GpuHealth {
  #trouble: DeviceError | null = null;

  constructor(device: GPUDevice) {
    device.addEventListener("uncapturederror", (event) => {
      const { error } = event as GPUUncapturedErrorEvent;
      // Chromium's classes are not globals in Node, and names of classes do not survive there.
      const memory = /memory/i.test(`${error.constructor.name} ${error.message}`);
      this.#trouble ??= memory ? outOfMemory(error.message) : invalid(error.message);
    });
    device.lost.then(({ reason, message }) => {
      this.#trouble ??= lost(reason, message);
    }, noReport);
  }

  /** @throws DeviceError if something went wrong that calls depend on */
  check(): void {
    if (this.#trouble !== null) throw this.#trouble;
  }

  /** What a failed wait means. */
  explain(cause: unknown): DeviceError {
    if (this.#trouble !== null) return this.#trouble;
    return lost("unknown", cause instanceof Error ? cause.message : String(cause));
  }
}

/** The promise of a device that nobody waits for must not count as unhandled. */
function noReport(): void {}

const GO_ON =
  'tensors on it are gone: open a device again, or another such as "wasm"; a training goes on from its last checkpoint with heed train --resume';

function lost(reason: string, message: string): DeviceError {
  return new DeviceError({
    where: "webgpu device",
    expected: "a GPU that stays there",
    received: `one that was lost (${reason}${message === "" ? "" : `: ${message.trim()}`})`,
    fix: GO_ON,
  });
}

function outOfMemory(message: string): DeviceError {
  return new DeviceError({
    where: "webgpu device",
    expected: "memory for its tensors",
    received: `a GPU that has no more (${message.trim()})`,
    fix: `use smaller batches or a smaller model; ${GO_ON}`,
  });
}

function invalid(message: string): DeviceError {
  return new DeviceError({
    where: "webgpu device",
    expected: "commands that WebGPU accepts",
    received: `a refusal, which is a fault of heed or of the driver: ${message.trim()}`,
    fix: 'compute on "wasm" instead, and please report this with the output of heed devices',
  });
}
