import { checkOptions, describe } from "../../core/arguments.ts";
import { DataError, ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../../core/shapes.ts";
import { checkNamedNumbers, type NamedNumbers, type Numbers } from "../named-numbers.ts";

/** Where the tensors of a layer stand among others. */
export interface ConversionOptions {
  /** What precedes every name in the other library's file, e.g. `encoder.layers.0.self_attn.`; `""` unless given. */
  readonly prefix?: string;
  /** What the layer is called here, as in {@link LayerOptions}; `"layer"` unless given. */
  readonly name?: string;
}

/** The conversion options with what they stand for when left out, checked. */
export function readConversion(
  where: string,
  tensors: NamedNumbers,
  options: ConversionOptions,
  more: readonly string[] = [],
): Required<ConversionOptions> {
  checkNamedNumbers(where, tensors);
  checkOptions(where, options, ["prefix", "name", ...more]);
  const { prefix = "", name = "layer" } = options;
  for (const [what, text] of Object.entries({ prefix, name })) {
    if (typeof text === "string") continue;
    throw new DataError({ where, expected: `${what} to be a text`, received: describe(text) });
  }
  return { prefix, name };
}

/**
 * The tensors whose names begin alike, taken out one by one, so that what nobody understood is found
 * rather than lost.
 */
export class ForeignTensors {
  /** What preceded every name. */
  readonly prefix: string;
  readonly #where: string;
  readonly #left: Map<string, Numbers>;

  constructor(where: string, tensors: NamedNumbers, prefix: string) {
    this.#where = where;
    this.prefix = prefix;
    const own = [...tensors].filter(([name]) => name.startsWith(prefix));
    this.#left = new Map(own.map(([name, numbers]) => [name.slice(prefix.length), numbers]));
  }

  has(name: string): boolean {
    return this.#left.has(name);
  }

  /** A tensor of so many axes, or of exactly this shape. */
  take(name: string, expected: number | Shape): Numbers {
    const numbers = this.#left.get(name);
    if (numbers === undefined) {
      throw new DataError({
        where: this.#where,
        expected: `a tensor ${this.prefix}${name}`,
        received: this.#left.size === 0 ? "none of that prefix" : [...this.#left.keys()].join(", "),
      });
    }
    this.#left.delete(name);
    const { shape } = numbers;
    const fits =
      typeof expected === "number" ? shape.length === expected : sameShape(shape, expected);
    if (fits) return numbers;
    throw new ShapeError({
      where: this.#where,
      expected: `${this.prefix}${name} ${
        typeof expected === "number" ? `of ${expected} axes` : `of shape ${formatShape(expected)}`
      }`,
      received: `shape ${formatShape(shape)}`,
    });
  }

  /** Refuses what is left: it would go missing. */
  finish(): void {
    const [name] = this.#left.keys();
    if (name === undefined) return;
    throw new DataError({
      where: this.#where,
      expected: "tensors of such a layer alone",
      received: `one called ${JSON.stringify(`${this.prefix}${name}`)} too`,
      fix: "name the layer's own by the option prefix, or leave the others out",
    });
  }
}

/** A copy. */
export function copied({ shape, data }: Numbers): Numbers {
  return { shape, data: data.slice() };
}

/** A copy of the same numbers under another shape of as many elements. */
export function reshaped({ data }: Numbers, shape: Shape): Numbers {
  return { shape, data: data.slice() };
}

/** (rows, columns) → (columns, rows) */
export function transposed({ shape, data }: Numbers): Numbers {
  const [rows, columns] = [shape[0]!, shape[1]!];
  const result = data.slice();
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = data[i * columns + j]!;
  }
  return { shape: [columns, rows], data: result };
}

/** `count` parts of equal size along the first axis. */
export function parted({ shape, data }: Numbers, count: number): Numbers[] {
  const part = [shape[0]! / count, ...shape.slice(1)];
  const size = sizeOf(part);
  return Array.from({ length: count }, (_, i) => {
    return { shape: part, data: data.slice(i * size, (i + 1) * size) };
  });
}

/** Undoes {@link parted}. Numbers of two types become those that hold both. */
export function joined(parts: readonly Numbers[]): Numbers {
  const [first] = parts as readonly [Numbers, ...Numbers[]];
  const size = parts.reduce((total, { data }) => total + data.length, 0);
  const single = parts.every(({ data }) => data instanceof Float32Array);
  const data = single ? new Float32Array(size) : new Float64Array(size);
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  const rows = parts.reduce((total, { shape }) => total + shape[0]!, 0);
  return { shape: [rows, ...first.shape.slice(1)], data };
}
