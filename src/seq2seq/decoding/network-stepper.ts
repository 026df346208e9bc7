import { Scope } from "../../core/scope.ts";
import { type Indices, Tensor } from "../../core/tensor.ts";
import { indices, tensor } from "../../devices/create.ts";
import { deviceOf } from "../../kernels/device.ts";
import { batchSources, IGNORED, sourcePosition } from "../batch.ts";
import type { ModelParts } from "../model-parts.ts";
import type { Attending, DecoderState, EncodedSource } from "../network.ts";
import { probabilitiesOf } from "../probabilities.ts";
import type { ReadSource } from "../source.ts";
import type { SearchOptions } from "./search-options.ts";
import type { SteeredRow } from "./steering.ts";
import type { Step, Stepper } from "./stepper.ts";

/** What a stepper is to do with attention. */
type Looking = Pick<SearchOptions, "attention"> & { readonly steered: readonly SteeredRow[] };

/** One model at work on a batch of sources. */
export class NetworkStepper implements Stepper {
  readonly #model: ModelParts;
  readonly #sources: readonly ReadSource[];
  readonly #looking: Looking;
  /** What a step is asked that is not steered. */
  readonly #attending: Attending;
  /** Steps Te that the sources of the batch are padded to. */
  readonly #steps: number;
  /** Symbols to choose among. */
  readonly #width: number;
  /** Of every row, which source it writes of. */
  #owners: Int32Array;
  #source: EncodedSource;
  #copies: Indices | null;
  #state: DecoderState;
  /** Holds what is read of the sources. */
  #scope = new Scope();

  constructor(model: ModelParts, sources: readonly ReadSource[], looking: Looking) {
    const { config, network, sourceVocabulary, targetVocabulary, device } = model;
    this.#model = model;
    this.#sources = sources;
    this.#looking = looking;
    this.#attending = { heads: looking.attention === "heads", steered: null };
    this.#owners = Int32Array.from(sources, (_, i) => i);
    const batch = batchSources(sources, config, sourceVocabulary.pad, device, this.#scope);
    this.#steps = batch.sources.shape[1] ?? 0;
    this.#copies = batch.copies;
    this.#source = network.encode(batch, null, this.#scope);
    this.#state = network.begin(this.#source);
    this.#width = sources.reduce(
      (width, { extra }) => Math.max(width, targetVocabulary.size + extra.length),
      targetVocabulary.size,
    );
  }

  async advance(symbols: Int32Array): Promise<Step> {
    const { network, targetVocabulary, device } = this.#model;
    const { size, unknown, pad } = targetVocabulary;
    // What was copied and is no symbol of the targets goes on as an unknown one.
    const known = symbols.map((symbol) => (symbol < size ? symbol : (unknown ?? pad)));
    const scope = new Scope();
    const inputs = scope.keep(indices(known, [symbols.length, 1], { device }));
    const attending = this.#steered(scope) ?? this.#attending;
    const out = network.advance(inputs, this.#source, this.#state, scope, attending);
    disposeState(this.#state);
    this.#state = out.state;
    const made = probabilitiesOf(out, this.#copies, this.#width, scope);
    const probabilities = await made.read();
    const looks = this.#looking.attention !== false && out.weights !== null;
    const maps: (Float32Array | Float64Array)[] = [];
    if (looks) for (const map of [out.weights, ...out.heads]) maps.push(await map.read());
    scope.dispose();
    const attention = looks ? (row: number) => this.#attention(maps, row) : null;
    return { probabilities, width: made.shape[2] ?? 0, attention };
  }

  select(rows: Int32Array): void {
    const owners = rows.map((row) => this.#owners[row]!);
    const state = this.#state;
    this.#state = { steps: state.steps, tensors: gather(state.tensors, rows) };
    disposeState(state);
    const same = owners.length === this.#owners.length;
    if (same && owners.every((owner, row) => owner === this.#owners[row])) return;
    this.#owners = owners;
    this.#selectSources(rows);
  }

  dispose(): void {
    disposeState(this.#state);
    this.#scope.dispose();
  }

  /** What was read of the sources, of other rows. */
  #selectSources(rows: Int32Array): void {
    const { device } = this.#model;
    const scope = new Scope();
    const tensors = gather(this.#source.tensors, rows);
    for (const each of Object.values(tensors)) scope.keep(each);
    const owners = Array.from(this.#owners, (owner) => this.#sources[owner]!);
    const held = (numbers: Int32Array, shape: readonly number[]): Indices =>
      scope.keep(indices(numbers, shape, { device }));
    const lengths = Int32Array.from(owners, ({ source }) => source.length);
    this.#source = {
      lengths: this.#source.lengths && held(lengths, [rows.length]),
      tensors,
    };
    if (this.#copies !== null) {
      const copies = new Int32Array(rows.length * this.#steps).fill(IGNORED);
      for (const [row, owner] of owners.entries()) copies.set(owner.copies, row * this.#steps);
      this.#copies = held(copies, [rows.length, this.#steps]);
    }
    this.#scope.dispose();
    this.#scope = scope;
  }

  /** What a step is asked whose weights are given; null where they are not. */
  #steered(scope: Scope): Attending | null {
    const weights = this.#looking.steered[this.#state.steps];
    if (!weights) return null;
    const { config, parameters, device } = this.#model;
    const [rows, steps] = [this.#owners.length, this.#steps];
    const numbers = new Float64Array(rows * steps).fill(Number.NEGATIVE_INFINITY);
    for (let row = 0; row < rows; row++) {
      for (const [i, weight] of weights.entries()) {
        numbers[row * steps + sourcePosition(i, weights.length, config)] = weight;
      }
    }
    const { dtype } = parameters.values;
    const steered = scope.keep(tensor(numbers, [rows, 1, 1, steps], { device, dtype }));
    return { ...this.#attending, steered };
  }

  /** How much a row looked at each symbol of its source, in the order of the source, in each map of it. */
  #attention(maps: readonly (Float32Array | Float64Array)[], row: number): number[] {
    const { config } = this.#model;
    const { symbols } = this.#sources[this.#owners[row]!]!;
    const places = symbols.map((_, i) => sourcePosition(i, symbols.length, config));
    const look: number[] = [];
    for (const map of maps) {
      const heads = map.length / (this.#owners.length * this.#steps);
      for (let head = row * heads; head < (row + 1) * heads; head++) {
        for (const place of places) look.push(map[head * this.#steps + place] ?? 0);
      }
    }
    return look;
  }
}

/** Rows of tensors whose first axis is the batch. */
function gather(
  tensors: Readonly<Record<string, Tensor>>,
  rows: Int32Array,
): Record<string, Tensor> {
  const gathered: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const { device, dtype, shape } = tensor;
    const [N = 0, ...rest] = shape;
    const size = N === 0 ? 0 : tensor.size / N;
    const storage = device.allocate(dtype, rows.length * size);
    const ids = indices(rows, [rows.length], { device });
    deviceOf(tensor).kernels.embeddingForward(
      tensor.storage,
      ids.storage,
      storage,
      rows.length,
      size,
    );
    ids.dispose();
    gathered[name] = new Tensor(device, storage, [rows.length, ...rest], dtype);
  }
  return gathered;
}

function disposeState({ tensors }: DecoderState): void {
  for (const tensor of Object.values(tensors)) tensor.dispose();
}
