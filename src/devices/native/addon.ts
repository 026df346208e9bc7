import { DeviceError } from "../../core/errors.ts";
import { isNode, nodeModule } from "../host.ts";
import type { KernelExports } from "../kernel-calls.ts";

/** The instruction sets that native kernels are compiled for. */
export type NativeSimd = "avx512" | "avx2" | "sse2" | "neon";

/** What src/devices/native/addon.c exports. */
export interface Addon {
  /** What its kernels use. */
  readonly level: NativeSimd;
  /** The best that this processor has. */
  readonly best: NativeSimd;
  /** The kernels, on at most so many threads; with `cutAll`, work is cut however little it is. */
  open(threads: number, cutAll: boolean): KernelExports;
  /** Where the bytes of a buffer lie. They stay there until it is collected or transferred. */
  addressOf(buffer: ArrayBuffer): number;
  /** How many parts of work threads of the pool have computed, in this process. */
  partsByWorkers(): number;
}

/** From best to least, by `process.arch`. */
const LEVELS: Readonly<Record<string, readonly NativeSimd[]>> = {
  x64: ["avx512", "avx2", "sse2"],
  arm64: ["neon"],
};
const loaded = new Map<NativeSimd, Addon>();

/** An addon that this processor runs: the one asked for, or the best. @throws DeviceError */
export function loadAddon(asked?: NativeSimd): Addon {
  if (!isNode()) refuse("Node", "a page", 'open "wasm" instead');
  if (process.env["HEED_NATIVE"] === "0") {
    refuse("native kernels to be wanted", "HEED_NATIVE=0 in the environment", "unset it");
  }
  const levels = LEVELS[process.arch] ?? [];
  // Whatever it is for, it can be loaded, and knows what this processor has.
  const first = firstLoaded(levels);
  if (first === null) {
    const { reason, fix } = whyNotBuilt();
    return refuse("native kernels", reason, fix);
  }
  const possible = levels.slice(levels.indexOf(first.best));
  if (asked !== undefined && !possible.includes(asked)) {
    const names = possible.map((level) => `"${level}"`).join(" or ");
    refuse(`simd to be ${names} on this processor`, `"${asked}"`, "leave simd out for the best");
  }
  const addon = firstLoaded(asked === undefined ? possible : [asked]);
  return addon ?? refuse(`native kernels for ${asked ?? first.best}`, "none", rebuild());
}

/** The addon of the first of the levels that has one. */
function firstLoaded(levels: readonly NativeSimd[]): Addon | null {
  for (const level of levels) {
    const addon = tryLoad(level);
    if (addon !== null) return addon;
  }
  return null;
}

function refuse(expected: string, received: string, fix: string): never {
  throw new DeviceError({ where: 'openDevice("native")', expected, received, fix });
}

/** The addon of one level, whatever the processor; null where there is none that can be loaded. */
function tryLoad(level: NativeSimd): Addon | null {
  const known = loaded.get(level);
  if (known !== undefined) return known;
  const module = { exports: {} as Addon };
  try {
    // Of all that loads an addon, only this needs no module of Node's.
    process.dlopen(module, pathOf(`heed-${level}.node`));
  } catch {
    return null;
  }
  loaded.set(level, module.exports);
  return module.exports;
}

/** A file of build/native, seen from this one or from the bundle in dist/. */
function pathOf(name: string): string {
  const root = import.meta.url.replace(/(src\/devices\/native|dist)\/[^/]*$/, "");
  return decodeURIComponent(new URL(`${root}build/native/${name}`).pathname);
}

/** How to build anew, where heed is installed and in its own repository. */
function rebuild(): string {
  const installed = import.meta.url.includes("/node_modules/");
  return `run ${installed ? "npm rebuild heed" : "npm run build:native"}`;
}

/** What scripts/build-native.mjs left word of. */
function whyNotBuilt(): { reason: string; fix: string } {
  let record: { readonly reason?: string | null; readonly fix?: string };
  try {
    record = JSON.parse(nodeModule("fs")?.readFileSync(pathOf("build.json"), "utf8") ?? "");
  } catch {
    return {
      reason: "none: heed's install script did not run",
      fix: `allow it and ${rebuild()}`,
    };
  }
  const { reason, fix } = record;
  if (typeof reason !== "string") return { reason: "ones that Node cannot load", fix: rebuild() };
  return {
    reason: `none: ${reason}`,
    fix: fix === undefined ? rebuild() : `${fix} and ${rebuild()}`,
  };
}
