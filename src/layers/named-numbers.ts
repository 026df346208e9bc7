import { checkOptions, describe } from "../core/arguments.ts";
import { DataError, ShapeError } from "../core/errors.ts";
import { checkShape, formatShape, type Shape, sameShape } from "../core/shapes.ts";
import { checkCount } from "../devices/create.ts";
import { Parameters } from "./parameters.ts";

/** The numbers of one tensor, row-major, outside of any device. */
export interface Numbers {
  /** Sizes per axis. */
  readonly shape: Shape;
  /** As many as the shape has elements. */
  readonly data: Float32Array | Float64Array;
}

/** Numbers by name: `readSafetensors(…).tensors` are such, and `writeSafetensors` takes them. */
export type NamedNumbers = ReadonlyMap<string, Numbers>;

/** Refuses anything but a map of names to numbers, each as many as its shape says. */
export function checkNamedNumbers(where: string, tensors: unknown): void {
  if (!(tensors instanceof Map)) {
    throw new DataError({
      where,
      expected: "a Map of names to { shape, data }",
      received: describe(tensors),
      fix: "readSafetensors(bytes, file).tensors is one",
    });
  }
  for (const [name, entry] of tensors as ReadonlyMap<unknown, unknown>) {
    if (typeof name !== "string") {
      throw new DataError({ where, expected: "texts as names", received: describe(name) });
    }
    const { shape, data } = (entry ?? {}) as Partial<Numbers>;
    if (!(data instanceof Float32Array || data instanceof Float64Array)) {
      throw new DataError({
        where,
        expected: `data of ${name} as a Float32Array or a Float64Array`,
        received: describe(data),
      });
    }
    checkShape(`${where}, ${name}`, shape as Shape);
    checkCount(`${where}, ${name}`, data.length, shape);
  }
}

function checkParameters(where: string, parameters: unknown): void {
  if (parameters instanceof Parameters) return;
  throw new DataError({
    where,
    expected: "a Parameters",
    received: describe(parameters),
    fix: "a layer's own are layer.parameters",
  });
}

/**
 * Writes numbers over parameters of the same names, all or none of them.
 *
 * @param options.partial whether parameters may be left as they are that `tensors` do not name
 * @throws DataError for a name that is no parameter's, or one that is missing
 * @throws ShapeError when a shape differs
 *
 * @example
 * const layer = new MultiHeadAttention({ size: 2, heads: 1, bias: false });
 * const W = { shape: [2, 2], data: new Float32Array([1, 0, 0, 1]) };
 * const names = ["layer.Wq", "layer.Wk", "layer.Wv", "layer.Wo"];
 * loadParameters(layer.parameters, new Map(names.map((name) => [name, W])));
 * layer.params[0]?.toArray(); // → [[1, 0], [0, 1]]
 */
export function loadParameters(
  parameters: Parameters,
  tensors: NamedNumbers,
  options: { readonly partial?: boolean } = {},
): void {
  const where = "loadParameters";
  checkParameters(where, parameters);
  checkNamedNumbers(where, tensors);
  checkOptions(where, options, ["partial"]);
  const known = new Set(parameters.names);
  for (const [name, { shape }] of tensors) {
    if (!known.has(name)) {
      throw new DataError({
        where,
        expected: `one of ${parameters.names.join(", ")}`,
        received: JSON.stringify(name),
      });
    }
    const expected = parameters.value(name).shape;
    if (sameShape(shape, expected)) continue;
    throw new ShapeError({
      where,
      expected: `${name} of shape ${formatShape(expected)}`,
      received: `shape ${formatShape(shape)}`,
    });
  }
  const missing = parameters.names.filter((name) => !tensors.has(name));
  if (missing.length > 0 && options.partial !== true) {
    throw new DataError({
      where,
      expected: "numbers for every parameter",
      received: `none for ${missing.join(", ")}`,
      fix: "{ partial: true } leaves those as they are",
    });
  }
  for (const [name, { data }] of tensors) parameters.value(name).storage.write(data);
}

/**
 * A copy of all parameters, by name and in their order.
 *
 * @throws DeviceError on a GPU, whose numbers `data` cannot reach
 *
 * @example
 * const layer = new MultiHeadAttention({ size: 4, heads: 2 });
 * const tensors = parameterNumbers(layer.parameters);
 * tensors.get("layer.Wq")?.shape; // → [4, 4]
 * const bytes = writeSafetensors({ metadata: new Map(), tensors });
 */
export function parameterNumbers(parameters: Parameters): Map<string, Numbers> {
  checkParameters("parameterNumbers", parameters);
  return new Map(
    parameters.names.map((name) => {
      const { shape, data } = parameters.value(name);
      return [name, { shape, data: data.slice() }];
    }),
  );
}
