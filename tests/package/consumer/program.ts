// What a stranger writes: compiled against the installed package, run in Node and in the page.
import { type Device, openDevice, type Tensor, TimeAttention, tensor, useDevice } from "heed";

export interface Outcome {
  readonly device: string;
  readonly out: number[];
  readonly weights: number[];
  readonly dhsEnc: number[];
  readonly dhsDec: number[];
}

/** TimeAttention, forward and backward, on the current device: two encoder steps, one decoder step. */
export async function attend(): Promise<Outcome> {
  const layer: TimeAttention = new TimeAttention();
  const hsEnc = tensor([1, 0, 0, 1], [1, 2, 2]);
  const hsDec = tensor([[[Math.log(3), 0]]]);
  const out: Tensor = layer.forward(hsEnc, hsDec);
  const [dhsEnc, dhsDec]: readonly Tensor[] = layer.backward(tensor([[[1, 0]]]));
  return {
    device: out.device.name,
    out: await numbers(out),
    weights: await numbers(layer.attentionWeights),
    dhsEnc: await numbers(dhsEnc),
    dhsDec: await numbers(dhsDec),
  };
}

/** On the device that heed picks by itself, then on those named. */
export async function attendEverywhere(): Promise<Outcome[]> {
  const outcomes = [await attend()];
  for (const name of ["wasm", "reference"] as const) {
    const device: Device = await openDevice(name);
    useDevice(device);
    outcomes.push(await attend());
  }
  return outcomes;
}

async function numbers(tensor: Tensor | null | undefined): Promise<number[]> {
  if (!tensor) throw new Error("no tensor");
  return Array.from(await tensor.read());
}

/** Never called: TypeScript must refuse it. */
export function misuse(layer: TimeAttention): void {
  // @ts-expect-error a string is no tensor
  layer.forward("hsEnc", "hsDec");
  // @ts-expect-error there is no such device
  openDevice("abacus");
}
