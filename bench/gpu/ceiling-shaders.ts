/** Multiplications with an addition that a thread does in each of its chains. */
export const STEPS = 1024;

/** Of them, so many stand in the loop's body: what the loop itself costs, costs little then. */
const UNROLLED = 32;

/** Threads of a workgroup. */
export const GROUP = 256;

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/**
 * Nothing but fused multiplications and additions. Those of a chain wait for one another; the chains do not, so
 * enough of them keep every unit busy. Factors come from outside, so that no compiler knows what comes out.
 */
export function multiplyAdd(chains: number): string {
  const all = range(chains);
  const step = all.map((i) => `x${i} = fma(x${i}, a, b);`).join(" ");
  return `
@group(0) @binding(0) var<storage, read_write> result: array<f32>;
@group(0) @binding(1) var<uniform> given: vec4f;

@compute @workgroup_size(${GROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let a = given.x;
  let b = given.y;
  let start = f32(id.x) * given.z;
  ${all.map((i) => `var x${i} = start + ${i}.0;`).join("\n  ")}
  for (var i = 0u; i < ${STEPS / UNROLLED}u; i++) {
    ${range(UNROLLED)
      .map(() => step)
      .join("\n    ")}
  }
  result[id.x] = ${all.map((i) => `x${i}`).join(" + ")};
}
`;
}

/** Copies 16 bytes at a time, so many times a thread; neighbours read and write what lies side by side. */
export function copying(perThread: number, groupsAcross: number): string {
  const one = (i: number): string =>
    `  result[start + ${i * GROUP}u] = given[start + ${i * GROUP}u];`;
  return `
@group(0) @binding(0) var<storage, read_write> result: array<vec4f>;
@group(0) @binding(1) var<storage, read> given: array<vec4f>;

@compute @workgroup_size(${GROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let start = (group.y * ${groupsAcross}u + group.x) * ${GROUP * perThread}u + thread;
${range(perThread).map(one).join("\n")}
}
`;
}
