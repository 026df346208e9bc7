import { type Edits, editKey, FIRST_SEED, type InputKey, isEditKey } from "./inputs.ts";
import { LARGEST } from "./numbers.ts";

/** The sections of the room, in the notebook's order, by the name that a link has for them. */
export const SECTIONS = [
  "sequence",
  "weighted-sum",
  "broadcasting",
  "batch",
  "weight-sum",
  "similarity",
  "softmax",
  "attention-weight",
  "attention",
  "time-attention",
] as const;

/** One of them. */
export type SectionName = (typeof SECTIONS)[number];

export const MOST_SEQUENCES = 3;

/** Numbers that softmax's section adds to all of its inputs. */
export const LARGEST_SHIFT = 1000;

const LARGEST_SEED = 2 ** 32 - 1;

/** All that a visitor can change. A link says it, and the section. */
export interface NotebookState {
  readonly seed: number;
  /** Sequences in the batch. */
  readonly N: number;
  /** The one of them that layers are shown for. */
  readonly n: number;
  /** Whether the sliders keep the sum of the weights at 1. */
  readonly keepSum: boolean;
  readonly shift: number;
  readonly edits: Edits;
}

export const FIRST_STATE: NotebookState = {
  seed: FIRST_SEED,
  N: 2,
  n: 0,
  keepSum: true,
  shift: 0,
  edits: new Map(),
};

/** The state that a link asks for; what makes no sense in it is as at first. */
export function readState(params: URLSearchParams): NotebookState {
  const whole = (name: string, from: number, to: number, otherwise: number): number => {
    const value = Number(params.get(name) || Number.NaN);
    return Number.isInteger(value) && value >= from && value <= to ? value : otherwise;
  };
  const N = whole("batch", 1, MOST_SEQUENCES, FIRST_STATE.N);
  return {
    seed: whole("seed", 0, LARGEST_SEED, FIRST_STATE.seed),
    N,
    n: whole("n", 0, N - 1, 0),
    keepSum: params.get("sum") !== "free",
    shift: whole("shift", 0, LARGEST_SHIFT, 0),
    edits: readEdits(params.get("edits") ?? "", N),
  };
}

/** The section that a link leads to. */
export function readSection(params: URLSearchParams): SectionName | null {
  return SECTIONS.find((each) => each === params.get("at")) ?? null;
}

/** The parameters of a link to a section in a state: what is as at first is left out. */
export function stateParams(
  state: NotebookState,
  section: SectionName | null,
): Readonly<Record<string, string>> {
  const unless = (value: number, first: number): string => (value === first ? "" : String(value));
  return {
    at: section ?? "",
    seed: unless(state.seed, FIRST_STATE.seed),
    batch: unless(state.N, FIRST_STATE.N),
    n: unless(state.n, 0),
    sum: state.keepSum ? "" : "free",
    shift: unless(state.shift, 0),
    // Signs that an address holds as they are.
    edits: [...state.edits].map(([place, value]) => `${place}_${value}`).join("*"),
  };
}

function readEdits(text: string, N: number): Edits {
  const edits = new Map<string, number>();
  for (const entry of text.split("*")) {
    const [place = "", number = ""] = entry.split("_");
    const value = Number(number || Number.NaN);
    if (isEditKey(place, N) && Math.abs(value) <= LARGEST) edits.set(place, value);
  }
  return edits;
}

/** The state with a number put in by hand. A weight that is typed may be any, so the sum is free then. */
export function edited(
  state: NotebookState,
  key: InputKey,
  index: readonly number[],
  value: number,
): NotebookState {
  const after = withNumber(state, key, index, value);
  return key === "a" && index[0] === 0 ? { ...after, keepSum: false } : after;
}

function withNumber(
  state: NotebookState,
  key: InputKey,
  index: readonly number[],
  value: number,
): NotebookState {
  return { ...state, edits: new Map([...state.edits, [editKey(key, index), value]]) };
}

/** The state with the first sequence's weights put in by hand. */
export function withWeights(state: NotebookState, weights: readonly number[]): NotebookState {
  return weights.reduce((before, weight, t) => withNumber(before, "a", [0, t], weight), state);
}

/** The state for a batch of N: what was put in beyond it is forgotten. */
export function withBatch(state: NotebookState, N: number): NotebookState {
  const edits = new Map([...state.edits].filter(([place]) => isEditKey(place, N)));
  return { ...state, N, n: Math.min(state.n, N - 1), edits };
}
