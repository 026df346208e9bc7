import { StateError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { KeysAndValues } from "../../layers/attend/options.ts";

/** Tensors by name, as sources and states of a {@link Network} hold them. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** Keys and values of blocks 1, 2, … as `block1.keys`, `block1.values`, … */
export function namedTensors(blocks: readonly KeysAndValues[]): NamedTensors {
  return Object.fromEntries(
    blocks.flatMap(({ keys, values }, i) => [
      [`block${i + 1}.keys`, keys],
      [`block${i + 1}.values`, values],
    ]),
  );
}

/** The same the other way. @throws StateError when one is not there */
export function blocksOf(tensors: NamedTensors, count: number, fix: string): KeysAndValues[] {
  return Array.from({ length: count }, (_, i) => ({
    keys: tensorOf(tensors, `block${i + 1}.keys`, fix),
    values: tensorOf(tensors, `block${i + 1}.values`, fix),
  }));
}

/** One of them. @throws StateError when it is not there */
export function tensorOf(tensors: NamedTensors, name: string, fix: string): Tensor {
  const tensor = tensors[name];
  if (tensor !== undefined) return tensor;
  throw new StateError({
    where: "TransformerNetwork",
    expected: `a tensor ${name}`,
    received: Object.keys(tensors).join(", ") || "none",
    fix,
  });
}
