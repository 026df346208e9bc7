import type * as ort from "onnxruntime-common";
import type { FamilyCall, FamilyInputs } from "../family/calls.ts";
import { sideBySide } from "../family/layout.ts";
import type { Sizes } from "../shapes.ts";
import { FAMILY_KINDS, type FamilyKind, familyGraph } from "./onnx-family.ts";
import { attentionGraph } from "./onnx-graph.ts";
import type { Inputs, Results, Way, Ways } from "./serve.ts";

/** What both packages of onnxruntime export. */
type Runtime = Pick<typeof ort, "InferenceSession" | "Tensor">;

/**
 * The graph with Transpose and with FusedMatMul; outputs made by the runtime, or given to it where it
 * fills them: onnxruntime-web leaves them as they were.
 */
export function onnxWays(
  { InferenceSession, Tensor }: Runtime,
  options: ort.InferenceSession.SessionOptions,
  sizes: Sizes,
  { hsEnc, hsDec, dout }: Inputs,
  fillsOutputs: boolean,
): Ways {
  const [N, Td, Te, H] = sizes;
  const encoder = [N, Te, H];
  const decoder = [N, Td, H];
  const make = async (fused: boolean, given: boolean): Promise<Way> => {
    const session = await InferenceSession.create(attentionGraph(sizes, fused), {
      graphOptimizationLevel: "all",
      ...options,
    });
    const feeds = {
      hsEnc: new Tensor("float32", hsEnc, encoder),
      hsDec: new Tensor("float32", hsDec, decoder),
      dout: new Tensor("float32", dout, decoder),
    };
    const empty = (shape: number[]): ort.Tensor =>
      new Tensor("float32", new Float32Array(shape.reduce((a, b) => a * b)), shape);
    const fetches = { out: empty(decoder), dhsEnc: empty(encoder), dhsDec: empty(decoder) };
    const call = (): Promise<ort.InferenceSession.ReturnType> =>
      given ? session.run(feeds, fetches) : session.run(feeds);
    const numbers = (tensor: ort.Tensor | undefined): Float32Array => tensor?.data as Float32Array;
    return {
      call,
      async result(): Promise<Results> {
        const found = await call();
        return [numbers(found["out"]), numbers(found["dhsEnc"]), numbers(found["dhsDec"])];
      },
      release: () => session.release(),
    };
  };
  return {
    "graph with Transpose": () => make(false, false),
    "graph with FusedMatMul": () => make(true, false),
    ...(fillsOutputs
      ? { "graph with FusedMatMul, outputs given": (): Promise<Way> => make(true, true) }
      : {}),
  };
}

/** A call of the family by every kind of graph that computes it, outputs made or given as above. */
export function onnxFamilyWays(
  { InferenceSession, Tensor }: Runtime,
  options: ort.InferenceSession.SessionOptions,
  call: FamilyCall,
  inputs: FamilyInputs,
  fillsOutputs: boolean,
): Ways {
  const make = async (kind: FamilyKind, given: boolean): Promise<Way> => {
    const { file, swapped, feeds: wanted, results, shape } = familyGraph(call, kind);
    const session = await InferenceSession.create(file, {
      graphOptimizationLevel: "all",
      ...options,
    });
    const feeds = Object.fromEntries(
      wanted.map((name) => {
        const data = swapped ? sideBySide(inputs[name], call, true) : inputs[name];
        return [name, new Tensor("float32", data, shape)];
      }),
    );
    const fetches = Object.fromEntries(
      results.map((name) => [
        name,
        new Tensor("float32", new Float32Array(inputs.query.length), shape),
      ]),
    );
    const once = (): Promise<ort.InferenceSession.ReturnType> =>
      given ? session.run(feeds, fetches) : session.run(feeds);
    return {
      call: once,
      async result(): Promise<Results> {
        const found = await once();
        const numbers = results.map((name) => found[name]?.data as Float32Array);
        return swapped ? numbers.map((each) => sideBySide(each, call, false)) : numbers;
      },
      release: () => session.release(),
    };
  };
  const kinds = FAMILY_KINDS.filter((kind) => !call.backward || kind === "products");
  const entries = kinds.flatMap((kind) => [
    [kind, (): Promise<Way> => make(kind, false)] as const,
    ...(fillsOutputs ? [[`${kind}, outputs given`, () => make(kind, true)] as const] : []),
  ]);
  return Object.fromEntries(entries);
}
