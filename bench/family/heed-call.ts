/** A call of the family as heed is called: on any device, in float32 or float64. */
import {
  type AttentionOptions,
  attention,
  type Device,
  type Dtype,
  type Indices,
  indices,
  type Kernels,
  KeyValueCache,
  normal,
  Random,
  Scope,
  type Storage,
  type Tensor,
  tensor,
  zeros,
} from "heed";
import { type FamilyCall, type FamilyInputs, inputsBy } from "./calls.ts";
import { type Layout, sideBySide } from "./layout.ts";

/** A call that is ready to be made. */
export interface HeedCall {
  /** Makes it, and gives everything back. */
  readonly call: () => void;
  /** Makes it, and gives context and the gradients, heads first. */
  readonly result: () => (Float32Array | Float64Array)[];
  readonly release: () => void;
}

/** Seeds of what is drawn beside the inputs: the same for heed and for the truth. */
const SEEDS = { mask: 11, bias: 12, lengths: 13, dropout: 14 };

/** Of (H, Tq, Tk), in the numbers of the contract: heads, queries, steps. */
const BIAS_AXES = 2 + 4 + 8;

type Plan = Parameters<Kernels<Storage, Storage>["attendForward"]>[1];

/** Everything that {@link makeCall} puts on the device. */
interface Given {
  readonly query: Tensor;
  readonly keys: Tensor;
  readonly values: Tensor;
  readonly dContext: Tensor;
  readonly options: AttentionOptions;
}

/** The inputs of a call, drawn anew: scores have the deviation that the call asks for. */
export function drawInputs(call: FamilyCall, device: Device): FamilyInputs {
  const random = new Random(1);
  // The product of two such numbers has the deviation of the scores, by whose scale 1/√D it stays so.
  const deviation = Math.sqrt(call.logits ?? 1);
  const deviations = [deviation, deviation, 1, 1];
  return inputsBy(call, (length, i) => {
    const drawn = normal([length], random, { device, deviation: deviations[i] ?? 1 });
    const data = drawn.data.slice() as Float32Array;
    drawn.dispose();
    return data;
  });
}

/** Puts the inputs of a call on a device. */
export function makeCall(
  call: FamilyCall,
  inputs: FamilyInputs,
  device: Device,
  dtype: Dtype = "float32",
  layout: Layout = "heads first",
): HeedCall {
  const scope = new Scope();
  const given = put(call, inputs, device, dtype, layout, scope);
  const once = call.cached
    ? cachedStep(call, given, device, scope)
    : call.bias === "without gradient" && call.backward
      ? withoutBiasGradient(call, given, device, layout)
      : bothPasses(call, given);
  return {
    call: () => once(null),
    result() {
      const found: (Float32Array | Float64Array)[] = [];
      once((each) => found.push(each.data.slice()));
      if (layout === "heads first") return found;
      const { batch, heads, keyHeads, size } = call;
      const counts = [heads, heads, keyHeads, keyHeads];
      return found.map((each, i) =>
        sideBySide(each, { batch, heads: counts[i] ?? 1, size }, false),
      );
    },
    release: () => scope.dispose(),
  };
}

/** What a call is given and what it makes, without the call: what memory is measured against. */
export function makeTensors(call: FamilyCall, inputs: FamilyInputs, device: Device): HeedCall {
  const scope = new Scope();
  const { query, keys, values } = put(call, inputs, device, "float32", "heads first", scope);
  const made = call.backward ? [query, query, keys, values] : [query];
  for (const { shape } of made) {
    const { storage, size } = scope.keep(zeros(shape, { device }));
    // Pages that nobody wrote to may not be there.
    device.kernels.fill(storage, 1, size);
  }
  return { call: () => {}, result: () => [], release: () => scope.dispose() };
}

/** Looks at the results of a call, before they are given back. */
type Look = ((result: Tensor) => void) | null;

function bothPasses(
  { backward }: FamilyCall,
  { query, keys, values, dContext, options }: Given,
): (look: Look) => void {
  return (look) => {
    const result = attention(query, keys, values, options);
    look?.(result.context);
    if (backward) {
      const { dQuery, dKeys, dValues, dBias } = result.backward(dContext);
      for (const each of [dQuery, dKeys, dValues]) look?.(each);
      for (const each of [dQuery, dKeys, dValues, dBias]) each?.dispose();
    }
    result.dispose();
  };
}

/** By the kernels, since attention() gives the gradient of every bias. */
function withoutBiasGradient(
  call: FamilyCall,
  { query, keys, values, dContext, options }: Given,
  device: Device,
  layout: Layout,
): (look: Look) => void {
  const { batch, heads, keyHeads, queries, steps, size } = call;
  const plan: Plan = {
    batch,
    heads,
    keyHeads,
    queries,
    steps,
    capacity: steps,
    size,
    valueSize: size,
    sideBySide: layout === "side by side",
    additive: false,
    scale: 1 / Math.sqrt(size),
    softcap: 0,
    normalizer: 0,
    shift: 0,
    toEnd: false,
    left: -1,
    right: -1,
    maskAxes: 0,
    biasAxes: BIAS_AXES,
    seed: 0,
    stream: 0,
    threshold: 0,
    factor: 1,
  };
  const inputs = {
    query: query.storage,
    keys: keys.storage,
    values: values.storage,
    vector: null,
    lengths: null,
    mask: null,
    bias: options.bias?.storage ?? null,
    slopes: null,
  };
  const { dtype } = query;
  const like = (x: Tensor): Tensor => zeros(x.shape, { device, dtype });
  const row = (): Tensor => zeros([batch, heads, queries], { device, dtype });
  return (look) => {
    const [context, dQuery, dKeys, dValues] = [like(query), like(query), like(keys), like(values)];
    const [maxima, sums, dots] = [row(), row(), row()];
    const rows = { maxima: maxima.storage, sums: sums.storage };
    const { kernels } = device;
    kernels.attendForward(inputs, plan, context.storage, rows, null, null);
    kernels.attendBackward(
      inputs,
      plan,
      context.storage,
      rows,
      null,
      dContext.storage,
      null,
      dots.storage,
      dQuery.storage,
      dKeys.storage,
      dValues.storage,
      null,
    );
    for (const each of [context, dQuery, dKeys, dValues]) look?.(each);
    for (const each of [context, dQuery, dKeys, dValues, maxima, sums, dots]) each.dispose();
  };
}

/** The step behind those of a cache, which then forgets it again. */
function cachedStep(
  { batch, keyHeads, steps, size }: FamilyCall,
  { query, keys, values, options }: Given,
  device: Device,
  scope: Scope,
): (look: Look) => void {
  const { dtype } = query;
  const capacity = steps + 1;
  const cache = scope.keep(
    new KeyValueCache({ batch, heads: keyHeads, size, capacity, device, dtype }),
  );
  const part = (x: Tensor, from: number, to: number): Tensor => {
    const heads = Array.from({ length: batch * keyHeads }, (_, i) => i * capacity);
    const rows = heads.map((start) => [
      ...x.data.subarray((start + from) * size, (start + to) * size),
    ]);
    return scope.keep(tensor(rows.flat(), [batch, keyHeads, to - from, size], { device, dtype }));
  };
  cache.append(part(keys, 0, steps), part(values, 0, steps));
  const [key, value] = [part(keys, steps, capacity), part(values, steps, capacity)];
  return (look) => {
    const result = attention(query, key, value, { ...options, cache });
    look?.(result.context);
    result.dispose();
    cache.truncate(steps);
  };
}

function put(
  call: FamilyCall,
  inputs: FamilyInputs,
  device: Device,
  dtype: Dtype,
  layout: Layout,
  scope: Scope,
): Given {
  const { batch, heads, keyHeads, size } = call;
  const beside = layout === "side by side";
  const place = (data: Float32Array, H: number): Tensor => {
    const steps = data.length / (batch * H * size);
    const shape = beside ? [batch, steps, H * size] : [batch, H, steps, size];
    const numbers = beside ? sideBySide(data, { batch, heads: H, size }, true) : data;
    // A typed array decides the type of the tensor, unless it is said.
    return scope.keep(tensor(numbers, shape, { device, dtype }));
  };
  return {
    query: place(inputs.query, heads),
    keys: place(inputs.keys, keyHeads),
    values: place(inputs.values, keyHeads),
    dContext: place(inputs.dContext, heads),
    options: {
      score: "scaled-dot",
      ...(beside ? { heads, keyHeads } : {}),
      ...rulesOf(call, device, dtype, scope),
    },
  };
}

/** What a call asks for, as options; what is drawn is drawn from seeds. */
function rulesOf(
  call: FamilyCall,
  device: Device,
  dtype: Dtype,
  scope: Scope,
): Partial<AttentionOptions> {
  const { batch, heads, queries, steps } = call;
  const draw = (seed: number, length: number, most: number): Int32Array => {
    const random = new Random(seed);
    return Int32Array.from({ length }, () => Math.floor(random.uniform(0, most)));
  };
  const whole = (numbers: Int32Array, shape: number[]): Indices =>
    scope.keep(indices(numbers, shape, { device }));
  const options: { -readonly [Name in keyof AttentionOptions]?: AttentionOptions[Name] } = {};
  if (call.causal) options.causal = true;
  if (call.window !== undefined) options.window = { left: call.window - 1 };
  if (call.alibi) options.alibi = true;
  if (call.softcap !== undefined) options.softcap = call.softcap;
  if (call.normalizer !== undefined) options.normalizer = call.normalizer;
  if (call.weights) options.return = { weights: true };
  if (call.dropout !== undefined) options.dropout = { rate: call.dropout, seed: SEEDS.dropout };
  if (call.mask !== undefined) {
    const shape = call.mask === "each" ? [batch, 1, queries, steps] : [queries, steps];
    const pairs = shape.reduce((a, b) => a * b);
    options.mask = whole(draw(SEEDS.mask, pairs, 2), shape);
  }
  if (call.lengths) {
    const lengths = draw(SEEDS.lengths, batch, steps).map((length) => length + 1);
    options.lengths = whole(lengths, [batch]);
  }
  if (call.bias !== undefined) {
    const shape = [heads, queries, steps];
    const drawn = normal(shape, new Random(SEEDS.bias), { device, dtype: "float32" });
    options.bias = scope.keep(tensor(drawn.data, shape, { device, dtype }));
    drawn.dispose();
  }
  return options;
}
