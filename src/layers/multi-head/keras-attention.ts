import { checkSize } from "../../core/arguments.ts";
import { ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape } from "../../core/shapes.ts";
import type { NamedNumbers, Numbers } from "../named-numbers.ts";
import { type ConversionOptions, ForeignTensors, readConversion, reshaped } from "./foreign.ts";

const FROM = "fromKerasAttention";
const TO = "toKerasAttention";

/** Keras' name of each projection, by heed's letter. */
const NAMES = { q: "query", k: "key", v: "value" } as const;
const OUTPUT = "attention_output";

/**
 * The parameters of a {@link MultiHeadAttention} from the weights of Keras' `MultiHeadAttention` or
 * `GroupQueryAttention`: `query/kernel` (size, heads, headSize) and `query/bias` (heads, headSize), `key/…`
 * and `value/…` alike, `attention_output/kernel` (heads, valueHeadSize, outSize) and
 * `attention_output/bias` (outSize). Heads lie in the same order, so that every number stays where it is.
 *
 * @throws DataError for a name that is missing or unknown; ShapeError for shapes that do not go together
 *
 * @example
 * const numbers = (...shape: number[]) => ({ shape, data: new Float32Array(24) });
 * const kernels = ["query", "key", "value"].map((name) => [`${name}/kernel`, numbers(4, 2, 3)] as const);
 * const tensors = new Map([...kernels, ["attention_output/kernel", numbers(2, 3, 4)]]);
 * fromKerasAttention(tensors).get("layer.Wq")?.shape; // → [4, 6]
 */
export function fromKerasAttention(
  tensors: NamedNumbers,
  options: ConversionOptions = {},
): Map<string, Numbers> {
  const { prefix, name } = readConversion(FROM, tensors, options);
  const foreign = new ForeignTensors(FROM, tensors, prefix);
  const hasBias = foreign.has("query/bias");
  const found = new Map<string, Numbers>();
  const heads: Record<string, Shape> = {};
  for (const [which, keras] of Object.entries(NAMES)) {
    const kernel = foreign.take(`${keras}/kernel`, 3);
    const [size, count, headSize] = kernel.shape as [number, number, number];
    heads[which] = [count, headSize];
    found.set(`${name}.W${which}`, reshaped(kernel, [size, count * headSize]));
    if (!hasBias) continue;
    const bias = foreign.take(`${keras}/bias`, [count, headSize]);
    found.set(`${name}.b${which}`, reshaped(bias, [count * headSize]));
  }
  const output = foreign.take(`${OUTPUT}/kernel`, 3);
  const [count, valueHeadSize, outSize] = output.shape as [number, number, number];
  const { q, k, v } = heads as { q: Shape; k: Shape; v: Shape };
  const fits =
    k[0] === v[0] &&
    q[1] === k[1] &&
    q[0] === count &&
    v[1] === valueHeadSize &&
    count % k[0]! === 0;
  if (!fits) {
    const seen = { query: q, key: k, value: v, [OUTPUT]: [count, valueHeadSize] };
    const received = Object.entries(seen).map(([what, shape]) => `${what} ${formatShape(shape)}`);
    throw new ShapeError({
      where: FROM,
      expected: "heads and head sizes that go together",
      received: received.join(", "),
    });
  }
  found.set(`${name}.Wo`, reshaped(output, [count * valueHeadSize, outSize]));
  if (hasBias)
    found.set(`${name}.bo`, reshaped(foreign.take(`${OUTPUT}/bias`, [outSize]), [outSize]));
  foreign.finish();
  return found;
}

/**
 * The weights of Keras' `MultiHeadAttention`, or with fewer keyHeads than heads of `GroupQueryAttention`,
 * from the parameters of a {@link MultiHeadAttention}: undoes {@link fromKerasAttention}, number by number.
 *
 * @param options.heads what the layer was made with, as the parameters themselves do not say
 * @param options.keyHeads likewise; as many as heads unless given
 * @throws DataError for a name that is missing or unknown; ShapeError for sizes that heads do not divide
 *
 * @example
 * const layer = new MultiHeadAttention({ size: 4, heads: 2 });
 * const tensors = toKerasAttention(parameterNumbers(layer.parameters), { heads: 2 });
 * tensors.get("attention_output/kernel")?.shape; // → [2, 2, 4]
 */
export function toKerasAttention(
  tensors: NamedNumbers,
  options: ConversionOptions & { readonly heads: number; readonly keyHeads?: number },
): Map<string, Numbers> {
  const { prefix, name } = readConversion(TO, tensors, options, ["heads", "keyHeads"]);
  const { heads, keyHeads = heads } = options;
  checkSize(TO, "heads", heads);
  checkSize(TO, "keyHeads", keyHeads);
  const own = new ForeignTensors(TO, tensors, `${name}.`);
  const hasBias = own.has("bq");
  const found = new Map<string, Numbers>();
  for (const [which, keras] of Object.entries(NAMES)) {
    const count = which === "q" ? heads : keyHeads;
    const matrix = own.take(`W${which}`, 2);
    const [size, width] = matrix.shape as [number, number];
    const headSize = divided(`the columns of W${which}`, width, count);
    found.set(`${prefix}${keras}/kernel`, reshaped(matrix, [size, count, headSize]));
    if (!hasBias) continue;
    const bias = own.take(`b${which}`, [width]);
    found.set(`${prefix}${keras}/bias`, reshaped(bias, [count, headSize]));
  }
  const output = own.take("Wo", 2);
  const [width, outSize] = output.shape as [number, number];
  const valueHeadSize = divided("the rows of Wo", width, heads);
  found.set(`${prefix}${OUTPUT}/kernel`, reshaped(output, [heads, valueHeadSize, outSize]));
  if (hasBias) found.set(`${prefix}${OUTPUT}/bias`, reshaped(own.take("bo", [outSize]), [outSize]));
  own.finish();
  return found;
}

function divided(what: string, width: number, heads: number): number {
  if (heads > 0 && width % heads === 0) return width / heads;
  throw new ShapeError({
    where: TO,
    expected: `${what} to be a multiple of the ${heads} heads`,
    received: `${width}`,
  });
}
