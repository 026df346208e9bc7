import {
  type ConversionOptions,
  copied,
  ForeignTensors,
  readConversion,
  transposed,
} from "../multi-head/foreign.ts";
import { giveTorchAttention, takeTorchAttention } from "../multi-head/torch-attention.ts";
import type { NamedNumbers, Numbers } from "../named-numbers.ts";

const FROM = "fromTorchTransformerLayer";
const TO = "toTorchTransformerLayer";

/** Parts of a block, in heed's order, and what PyTorch calls them: of an encoder's layer, and of a decoder's. */
const ENCODER = {
  attention: [["self", "self_attn"]],
  norms: ["selfNorm", "feedForwardNorm"],
} as const;
const DECODER = {
  attention: [
    ["self", "self_attn"],
    ["cross", "multihead_attn"],
  ],
  norms: ["selfNorm", "crossNorm", "feedForwardNorm"],
} as const;
const LINEAR = ["linear1", "linear2"] as const;

/**
 * The parameters of a {@link TransformerEncoderBlock} from the state dict of PyTorch's
 * `nn.TransformerEncoderLayer`, or those of a {@link TransformerDecoderBlock} from that of
 * `nn.TransformerDecoderLayer`: `self_attn.…`, `multihead_attn.…`, `linear1.…`, `linear2.…`, `norm1.…` and
 * so on. `norm_first=True` is `norm: "pre"`, and its activation must be said too: a state dict has neither.
 *
 * @throws DataError for a name that is missing or unknown; ShapeError for shapes that do not go together
 *
 * @example
 * const block = new TransformerEncoderBlock({ size: 4, heads: 2, hidden: 8, norm: "post" });
 * const tensors = toTorchTransformerLayer(parameterNumbers(block.parameters), { prefix: "layers.0." });
 * tensors.get("layers.0.linear1.weight")?.shape; // → [8, 4]
 * loadParameters(block.parameters, fromTorchTransformerLayer(tensors, { prefix: "layers.0." }));
 */
export function fromTorchTransformerLayer(
  tensors: NamedNumbers,
  options: ConversionOptions = {},
): Map<string, Numbers> {
  const { prefix, name } = readConversion(FROM, tensors, options);
  const foreign = new ForeignTensors(FROM, tensors, prefix);
  const found = new Map<string, Numbers>();
  const { attention, norms } = foreign.has("multihead_attn.out_proj.weight") ? DECODER : ENCODER;
  for (const [ours, theirs] of attention) {
    const part = takeTorchAttention(FROM, foreign, `${theirs}.`, `${name}.${ours}`);
    for (const [each, numbers] of part) found.set(each, numbers);
  }
  for (const linear of LINEAR) {
    const matrix = foreign.take(`${linear}.weight`, 2);
    found.set(`${name}.feedForward.${linear}.W`, transposed(matrix));
    found.set(
      `${name}.feedForward.${linear}.b`,
      copied(foreign.take(`${linear}.bias`, [matrix.shape[0]!])),
    );
  }
  for (const [i, ours] of norms.entries()) {
    found.set(`${name}.${ours}.gain`, copied(foreign.take(`norm${i + 1}.weight`, 1)));
    found.set(`${name}.${ours}.bias`, copied(foreign.take(`norm${i + 1}.bias`, 1)));
  }
  foreign.finish();
  return found;
}

/**
 * The state dict of PyTorch's `nn.TransformerEncoderLayer` or `nn.TransformerDecoderLayer` from the
 * parameters of a {@link TransformerEncoderBlock} or {@link TransformerDecoderBlock}: undoes
 * {@link fromTorchTransformerLayer}, number by number.
 *
 * @throws ShapeError when PyTorch's layer cannot have these sizes, as {@link toTorchAttention}; DataError for
 * a name that is missing or unknown
 *
 * @example
 * const block = new TransformerDecoderBlock({ size: 4, heads: 2 });
 * toTorchTransformerLayer(parameterNumbers(block.parameters)).has("multihead_attn.in_proj_weight"); // → true
 */
export function toTorchTransformerLayer(
  tensors: NamedNumbers,
  options: ConversionOptions = {},
): Map<string, Numbers> {
  const { prefix, name } = readConversion(TO, tensors, options);
  const own = new ForeignTensors(TO, tensors, `${name}.`);
  const found = new Map<string, Numbers>();
  const { attention, norms } = own.has("cross.Wq") ? DECODER : ENCODER;
  for (const [ours, theirs] of attention) {
    const part = giveTorchAttention(TO, own, `${ours}.`, `${prefix}${theirs}.`);
    for (const [each, numbers] of part) found.set(each, numbers);
  }
  for (const linear of LINEAR) {
    const matrix = transposed(own.take(`feedForward.${linear}.W`, 2));
    found.set(`${prefix}${linear}.weight`, matrix);
    const bias = copied(own.take(`feedForward.${linear}.b`, [matrix.shape[0]!]));
    found.set(`${prefix}${linear}.bias`, bias);
  }
  for (const [i, ours] of norms.entries()) {
    found.set(`${prefix}norm${i + 1}.weight`, copied(own.take(`${ours}.gain`, 1)));
    found.set(`${prefix}norm${i + 1}.bias`, copied(own.take(`${ours}.bias`, 1)));
  }
  own.finish();
  return found;
}
