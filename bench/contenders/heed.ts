/**
 * heed itself, on the device and with the threads that the command line names:
 *
 *     node heed.ts DEVICE THREADS [SIMD]
 */
import { readFileSync } from "node:fs";
import {
  AttentionSeq2seq,
  type Device,
  type DeviceName,
  type DeviceOptions,
  normal,
  openDevice,
  type Pair,
  Random,
  type Tensor,
  TimeAttention,
  Trainer,
  tensor,
  useDevice,
} from "heed";
import type { FamilyCall, FamilyInputs } from "../family/calls.ts";
import { drawInputs, makeCall, makeTensors } from "../family/heed-call.ts";
import type { Layout } from "../family/layout.ts";
import type { Sizes } from "../shapes.ts";
import { type Facts, type Inputs, type Results, serve, type Way, type Ways } from "./serve.ts";

const [name = "wasm", threads = "1", simd] = process.argv.slice(2);

/** From so many weights on it is worth a look what it costs not to keep them. */
const MANY_WEIGHTS = 2 ** 16;

/** Forward and backward, as a program would call them that gives back what it does not need. */
function attention(layer: TimeAttention, given: readonly Tensor[], keepsWeights: boolean): Way {
  const [hsEnc, hsDec, dout] = given as [Tensor, Tensor, Tensor];
  return {
    call() {
      const out = layer.forward(hsEnc, hsDec);
      const [dhsEnc, dhsDec] = layer.backward(dout);
      if (keepsWeights) layer.attentionWeights.dispose();
      out.dispose();
      dhsEnc.dispose();
      dhsDec.dispose();
    },
    result(): Results {
      const out = layer.forward(hsEnc, hsDec);
      const gradients = layer.backward(dout);
      const [a, b, c] = [out, ...gradients].map((each) => each.data.slice());
      if (keepsWeights) layer.attentionWeights.dispose();
      for (const each of [out, ...gradients]) each.dispose();
      return [a ?? [], b ?? [], c ?? []];
    },
    release() {
      for (const each of given) each.dispose();
    },
  };
}

function attentionWays(device: Device, [N, Td, Te, H]: Sizes, inputs: Inputs | null): Ways {
  const random = (T: number): Tensor =>
    normal([N, T, H], new Random(T), { device, deviation: H ** -0.25 });
  const given = (): readonly Tensor[] =>
    inputs === null
      ? [random(Te), random(Td), random(Td)]
      : [
          tensor(inputs.hsEnc, [N, Te, H], { device }),
          tensor(inputs.hsDec, [N, Td, H], { device }),
          tensor(inputs.dout, [N, Td, H], { device }),
        ];
  const ways: Record<string, () => Way> = {
    "weights kept": () => attention(new TimeAttention({ keepWeights: true }), given(), true),
  };
  if (Td * Te >= MANY_WEIGHTS) {
    ways["weights not kept"] = () =>
      attention(new TimeAttention({ keepWeights: false }), given(), false);
  }
  return ways;
}

/** A call of the family in both layouts, and its tensors alone, for memory. */
function familyWays(device: Device, call: FamilyCall, inputs: FamilyInputs | null): Ways {
  const given = inputs ?? drawInputs(call, device);
  const one = (layout: Layout): Way => makeCall(call, given, device, "float32", layout);
  return {
    "heads first": () => one("heads first"),
    "side by side": () => one("side by side"),
    "tensors only": () => makeTensors(call, given, device),
  };
}

/** One training step of the model in the file, and greedy decoding of its first source. */
function trainingWays(device: Device, path: string, pairsPath: string): Ways {
  const model = AttentionSeq2seq.fromBytes(readFileSync(path), { device });
  const pairs = JSON.parse(readFileSync(pairsPath, "utf8")) as Pair[];
  const rate = { rate: 0.001, warmup: 0, finalRate: 1 };
  const options = { ...rate, batchSize: pairs.length, clip: 5, labelSmoothing: 0 };
  const trainer = new Trainer(model, pairs, options);
  const decoder = AttentionSeq2seq.fromBytes(readFileSync(path), { device });
  const source = pairs[0]?.source ?? "";
  return {
    "training step": () => ({
      call: () => trainer.step(),
      async result(): Promise<Facts> {
        const { loss, gradientNorm } = await trainer.step();
        return { loss, gradientNorm };
      },
      release: () => model.dispose(),
    }),
    "greedy decoding": () => ({
      call: () => decoder.transduce(source),
      async result(): Promise<Facts> {
        return { output: (await decoder.transduce(source)).output };
      },
      release: () => decoder.dispose(),
    }),
  };
}

const options = {
  threads: Number(threads),
  ...(simd === undefined ? {} : { simd }),
} as DeviceOptions;
const device = await openDevice(name as DeviceName, options);
useDevice(device);
await serve({
  hello: { name: "heed", details: device.description },
  attention: (sizes, inputs) => attentionWays(device, sizes, inputs),
  training: (model, pairs) => trainingWays(device, model, pairs),
  family: (call, inputs) => familyWays(device, call, inputs),
});
