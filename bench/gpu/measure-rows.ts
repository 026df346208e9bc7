import type { Device } from "heed";
import type { Reply } from "../child.ts";
import { reasonOf } from "../contenders.ts";
import { workOf } from "./arithmetic.ts";
import { prepareAttention } from "./heed-attention.ts";
import { prepareMatmul } from "./heed-matmul.ts";
import { prepareTraining, type TrainingFiles, trainingFiles } from "./heed-training.ts";
import type { Prepared } from "./prepared.ts";
import type { GpuRow } from "./results.ts";
import { type GpuSize, nameOfSize } from "./sizes.ts";
import { type Pace, timeRounds } from "./timing.ts";
import type { TorchPeer } from "./torch-peer.ts";

/** Relative errors of that size are faults, whatever the order of the sums; with float16, ten times that. */
const WRONG = 1e-3;

/** heed at a size, and PyTorch right after it, while the GPU is as warm and as clocked. */
export async function measureRow(
  size: GpuSize,
  device: Device,
  torch: TorchPeer | null,
  pace: Pace,
  float16: boolean,
): Promise<GpuRow> {
  const files = size.part === "training" ? await trainingFiles(size) : null;
  const found = await measureHeed(
    () => prepare(size, device, files),
    pace,
    float16 ? 10 * WRONG : WRONG,
  );
  const paths: Reply = files === null ? {} : { model: files.model, pairs: files.pairs };
  return {
    size,
    name: nameOfSize(size),
    ...workOf(size),
    ...found,
    torch: torch === null ? [] : await torch.time(size, pace, paths),
  };
}

function prepare(size: GpuSize, device: Device, files: TrainingFiles | null): Prepared {
  switch (size.part) {
    case "matmul":
      return prepareMatmul(device, size);
    case "attention":
      return prepareAttention(device, size);
    case "training":
      if (files === null) throw new Error("a training needs a model");
      return prepareTraining(device, files);
  }
}

type Found = Pick<GpuRow, "error" | "rounds" | "refused">;

/** What fails, a kernel that is not there or memory that does not suffice, fails alone. */
async function measureHeed(make: () => Prepared, pace: Pace, wrong: number): Promise<Found> {
  let prepared: Prepared | null = null;
  try {
    prepared = make();
    const error = await prepared.check();
    if (!(error <= wrong)) {
      return { error, rounds: [], refused: `wrong: relative error ${error.toExponential(1)}` };
    }
    return { error, rounds: await timeRounds(prepared.repeat, pace), refused: null };
  } catch (error) {
    return { error: null, rounds: [], refused: reasonOf(error) };
  } finally {
    release(prepared);
  }
}

/** A device that was lost may refuse even this, and says why at the next size. */
function release(prepared: Prepared | null): void {
  try {
    prepared?.release();
  } catch {
    // What was found so far is worth more.
  }
}
