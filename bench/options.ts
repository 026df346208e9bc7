import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { SHAPE_NAMES, type ShapeName } from "./shapes.ts";

/** What to run, from the command line. */
export interface Options {
  /** Whether the peers of bench/package.json and PyTorch take part. */
  readonly peers: boolean;
  /** The Node that all JavaScript contenders run in. */
  readonly node: string;
  /** More Nodes, in which only heed's WebAssembly is measured. */
  readonly alsoNode: readonly string[];
  readonly shapes: readonly ShapeName[];
  readonly threads: readonly number[];
  readonly rounds: number;
  /** Length of a slice: how long a contender is timed in each round. */
  readonly seconds: number;
  /** Contenders whose names contain one of these; all if empty. */
  readonly only: readonly string[];
  /** Parts to leave out. */
  readonly skip: readonly string[];
  readonly json: string | null;
  /** Parts of the benchmark of the whole family, or lengths of its accuracy, to run; all if empty. */
  readonly parts: readonly string[];
}

export const USAGE = `options:
  --peers             with every peer, not numpy alone (npm run bench:peers installs them)
  --node PATH         the Node for all JavaScript contenders (default: this one)
  --also-node PATH    another Node in which heed's wasm device is measured too; may be repeated
  --shapes A,B        default: ${SHAPE_NAMES.join(",")}
  --threads 1,2       default: 1, and all cores where there are more
  --rounds 7          every contender of a shape is timed in turn, so often
  --seconds 0.25      for so long
  --only heed,numpy   contenders whose names contain one of these
  --skip training     parts to leave out: attention, training, start, download
  --json FILE         write the results there`;

/** @throws TypeError for an option that does not exist */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      peers: { type: "boolean", default: false },
      node: { type: "string", default: process.execPath },
      "also-node": { type: "string", multiple: true, default: [] },
      shapes: { type: "string", default: SHAPE_NAMES.join(",") },
      threads: { type: "string", default: defaultThreads().join(",") },
      rounds: { type: "string", default: "7" },
      seconds: { type: "string", default: "0.25" },
      only: { type: "string", default: "" },
      skip: { type: "string", default: "" },
      json: { type: "string" },
      parts: { type: "string", default: "" },
    },
  });
  const list = (text: string): string[] => text.split(",").filter((each) => each !== "");
  const shapes = list(values.shapes);
  const unknown = shapes.find((name) => !SHAPE_NAMES.includes(name as ShapeName));
  if (unknown !== undefined) throw new TypeError(`no shape ${unknown}`);
  return {
    peers: values.peers,
    node: values.node,
    alsoNode: values["also-node"],
    shapes: shapes as ShapeName[],
    threads: list(values.threads).map(Number),
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    only: list(values.only),
    skip: list(values.skip),
    json: values.json ?? null,
    parts: list(values.parts),
  };
}

function defaultThreads(): number[] {
  const cores = availableParallelism();
  return cores > 1 ? [1, 2] : [1];
}
