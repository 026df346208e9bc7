import { join } from "node:path";
import { BENCH } from "../cache.ts";
import { Child, type Reply } from "../child.ts";
import { reasonOf } from "../contenders.ts";
import type { TorchTime } from "./results.ts";
import type { GpuSize } from "./sizes.ts";
import type { Pace } from "./timing.ts";

/** PyTorch on the same GPU, in a process of its own that answers lines of JSON. */
export class TorchPeer {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  /** @throws Error with what Python said, where there is no torch, or none for this GPU */
  static async start(python: string, software: boolean): Promise<TorchPeer> {
    const script = join(BENCH, "gpu/torch_gpu.py");
    const args = [script, software ? "cpu" : "cuda"];
    return new TorchPeer(await Child.start({ file: python, args, env: process.env }, 300));
  }

  /** "PyTorch 2.9.1, CUDA 12.8, NVIDIA H200". */
  get description(): string {
    const { name, details } = this.#child.hello;
    return [name, details].join(", ");
  }

  /** Its ways of doing the same, timed at the same pace. */
  async time(size: GpuSize, pace: Pace, files: Reply): Promise<TorchTime[]> {
    try {
      const { ways } = await this.#child.ask({ do: size.part, ...size, ...files, pace });
      return (ways as { way: string; rounds?: number[]; failed?: string }[]).map((each) => ({
        way: each.way,
        rounds: each.rounds ?? [],
        failed: each.failed ?? null,
      }));
    } catch (error) {
      return [{ way: "PyTorch", rounds: [], failed: reasonOf(error) }];
    }
  }

  close(): void {
    this.#child.close();
  }
}
