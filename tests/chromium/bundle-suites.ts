import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** What tests import that is for Node, and what stands for it in a page. */
const STAND_INS: readonly (readonly [from: RegExp, to: string])[] = [
  [/^vitest$/, path("stand-ins/vitest.ts")],
  [/^node:fs$/, path("stand-ins/node-fs.ts")],
  [/^node:path$/, path("stand-ins/node-path.ts")],
  [/^node:url$/, path("stand-ins/node-url.ts")],
  [/\/support\/devices\.ts$/, path("stand-ins/devices.ts")],
  [/\/support\/webgpu\.ts$/, path("stand-ins/webgpu.ts")],
];

/** The script of both workers. */
export async function bundleSuites(): Promise<string> {
  const bundle = await rolldown({
    input: path("suites-worker.ts"),
    platform: "browser",
    plugins: [
      {
        name: "stand-ins",
        resolveId: (name) => STAND_INS.find(([from]) => from.test(name))?.[1] ?? null,
      },
    ],
  });
  const { output } = await bundle.generate({ format: "es", codeSplitting: false });
  await bundle.close();
  return output[0].code;
}
