import type { Graph, Value } from "./graph.ts";

/** A position is so many times its higher digit, and its lower digit. */
const STEP = 256;
const BASE = 10_000;

/**
 * What tells the position of a step (Vaswani et al. 2017, section 3.5): positions (T) below 65,536 → (T, D), waves of
 * D/2 lengths. In the numbers of a graph p / base^(2i/D) would be wrong by 0.001 at position 10,000: waves of the two
 * digits are tables, and sin(a + b) and cos(a + b) made of those.
 */
export function positionWaves(graph: Graph, positions: Value, size: number): Value {
  const high = graph.call("Div", [positions, graph.integer(STEP)]);
  const low = graph.call("Sub", [positions, graph.call("Mul", [high, graph.integer(STEP)])]);
  const rows = (
    name: string,
    digit: Value,
    value: (angle: number, isCosine: boolean) => number,
  ) => {
    const scale = digit === high ? STEP : 1;
    const table = new Float32Array(STEP * size);
    for (let row = 0; row < STEP; row++) {
      for (let d = 0; d < size; d++) {
        const angle = (row * scale) / BASE ** ((d - (d % 2)) / size);
        table[row * size + d] = value(angle, d % 2 === 1);
      }
    }
    return graph.call("Gather", [graph.constant(name, [STEP, size], table), digit]);
  };
  // Even columns: sin a · cos b + cos a · sin b. Odd ones: cos a · cos b − sin a · sin b.
  const own = rows("waves.high", high, (a, isCosine) => (isCosine ? Math.cos(a) : Math.sin(a)));
  const other = rows("waves.other", high, (a, isCosine) => (isCosine ? Math.sin(a) : Math.cos(a)));
  const cosine = rows("waves.cosine", low, (b) => Math.cos(b));
  const sine = rows("waves.sine", low, (b, isCosine) => (isCosine ? -Math.sin(b) : Math.sin(b)));
  const products = [graph.call("Mul", [own, cosine]), graph.call("Mul", [other, sine])] as const;
  return graph.call("Add", products);
}
