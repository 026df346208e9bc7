import { DataError, ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shapes.ts";
import type { NamedNumbers, Numbers } from "../named-numbers.ts";
import {
  type ConversionOptions,
  copied,
  ForeignTensors,
  joined,
  parted,
  readConversion,
  transposed,
} from "./foreign.ts";

const FROM = "fromTorchAttention";
const TO = "toTorchAttention";

/**
 * The parameters of a {@link MultiHeadAttention} from the state dict of PyTorch's
 * `nn.MultiheadAttention(size, heads, bias, kdim, vdim)`: `in_proj_weight`, or `q_proj_weight`,
 * `k_proj_weight` and `v_proj_weight`; `in_proj_bias`; `out_proj.weight` and `out_proj.bias`. Its matrices
 * lie output × input, heed's input × output; every number stays as it is.
 *
 * Whether the layer was made with `add_zero_attn`, which heed's does not do, a state dict does not say.
 *
 * @throws DataError for `bias_k` and `bias_v`, which heed's layer has not, and any other name that is
 * missing or unknown; ShapeError for shapes that do not go together
 *
 * @example
 * const numbers = (shape: number[], size: number) => ({ shape, data: new Float32Array(size) });
 * const tensors = new Map([
 *   ["attn.in_proj_weight", numbers([12, 4], 48)],
 *   ["attn.in_proj_bias", numbers([12], 12)],
 *   ["attn.out_proj.weight", numbers([4, 4], 16)],
 *   ["attn.out_proj.bias", numbers([4], 4)],
 * ]);
 * const layer = new MultiHeadAttention({ size: 4, heads: 2 });
 * loadParameters(layer.parameters, fromTorchAttention(tensors, { prefix: "attn." }));
 */
export function fromTorchAttention(
  tensors: NamedNumbers,
  options: ConversionOptions = {},
): Map<string, Numbers> {
  const { prefix, name } = readConversion(FROM, tensors, options);
  const foreign = new ForeignTensors(FROM, tensors, prefix);
  const found = takeTorchAttention(FROM, foreign, "", name);
  foreign.finish();
  return found;
}

/** As {@link fromTorchAttention}, for a layer within others. */
export function takeTorchAttention(
  where: string,
  foreign: ForeignTensors,
  inner: string,
  name: string,
): Map<string, Numbers> {
  for (const extra of ["bias_k", "bias_v"]) {
    if (!foreign.has(`${inner}${extra}`)) continue;
    throw new DataError({
      where,
      expected: "a layer without bias_k and bias_v",
      received: `one with ${foreign.prefix}${inner}${extra}`,
      fix: "heed's attention has no learned key; train with add_bias_kv=False",
    });
  }
  const output = foreign.take(`${inner}out_proj.weight`, 2);
  const E = output.shape[0]!;
  const take = (which: string): Numbers => {
    const matrix = foreign.take(`${inner}${which}_proj_weight`, 2);
    if (matrix.shape[0] === E) return matrix;
    throw new ShapeError({
      where,
      expected: `${foreign.prefix}${inner}${which}_proj_weight to have ${E} rows, as out_proj.weight has`,
      received: `shape ${formatShape(matrix.shape)}`,
    });
  };
  const matrices = foreign.has(`${inner}in_proj_weight`)
    ? parted(foreign.take(`${inner}in_proj_weight`, [3 * E, E]), 3)
    : [take("q"), take("k"), take("v")];
  const all = [...matrices, output].map(transposed);
  const hasBias = foreign.has(`${inner}in_proj_bias`);
  const biases = hasBias
    ? [
        ...parted(foreign.take(`${inner}in_proj_bias`, [3 * E]), 3),
        copied(foreign.take(`${inner}out_proj.bias`, [E])),
      ]
    : [];
  const found = new Map<string, Numbers>();
  for (const [i, which] of ["q", "k", "v", "o"].entries()) {
    found.set(`${name}.W${which}`, all[i]!);
    const bias = biases[i];
    if (bias !== undefined) found.set(`${name}.b${which}`, bias);
  }
  return found;
}

/**
 * The state dict of PyTorch's `nn.MultiheadAttention` from the parameters of a {@link MultiHeadAttention}:
 * undoes {@link fromTorchAttention}, number by number.
 *
 * @throws ShapeError when PyTorch's layer cannot have these sizes: it has as many heads for keys as for
 * queries, and what heads hold side by side, and its output, are of the query's size
 * @throws DataError for a name that is missing or unknown
 *
 * @example
 * const layer = new MultiHeadAttention({ size: 4, heads: 2, keySize: 3 });
 * const tensors = toTorchAttention(parameterNumbers(layer.parameters));
 * tensors.get("k_proj_weight")?.shape; // → [4, 3]
 */
export function toTorchAttention(
  tensors: NamedNumbers,
  options: ConversionOptions = {},
): Map<string, Numbers> {
  const { prefix, name } = readConversion(TO, tensors, options);
  const own = new ForeignTensors(TO, tensors, `${name}.`);
  const found = giveTorchAttention(TO, own, "", prefix);
  own.finish();
  return found;
}

/** As {@link toTorchAttention}, for a layer within others. */
export function giveTorchAttention(
  where: string,
  own: ForeignTensors,
  inner: string,
  prefix: string,
): Map<string, Numbers> {
  const matrices = ["q", "k", "v", "o"].map((which) => own.take(`${inner}W${which}`, 2));
  const E = matrices[0]!.shape[0]!;
  for (const [i, { shape }] of matrices.entries()) {
    const fits = shape[1] === E && (i === 1 || i === 2 || shape[0] === E);
    if (fits) continue;
    throw new ShapeError({
      where,
      expected: `W${"qkvo"[i]} to have ${E} ${shape[1] === E ? "rows" : "columns"}, the size of the query, as PyTorch's layer has`,
      received: `shape ${formatShape(shape)}`,
    });
  }
  const [q, k, v, o] = matrices.map(transposed) as [Numbers, Numbers, Numbers, Numbers];
  const found = new Map<string, Numbers>();
  if (k.shape[1] === E && v.shape[1] === E) {
    found.set(`${prefix}in_proj_weight`, joined([q, k, v]));
  } else {
    for (const [which, matrix] of Object.entries({ q, k, v })) {
      found.set(`${prefix}${which}_proj_weight`, matrix);
    }
  }
  if (own.has(`${inner}bq`)) {
    const biases = ["q", "k", "v"].map((which) => own.take(`${inner}b${which}`, [E]));
    found.set(`${prefix}in_proj_bias`, joined(biases));
  }
  found.set(`${prefix}out_proj.weight`, o);
  if (found.has(`${prefix}in_proj_bias`)) {
    found.set(`${prefix}out_proj.bias`, copied(own.take(`${inner}bo`, [E])));
  }
  return found;
}
