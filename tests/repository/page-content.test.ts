import { rolldown } from "rolldown";
import { expect, test } from "vitest";

/** What a page's bundler leaves of the library, where the page names no more than this of it. */
async function bundled(names: string): Promise<string> {
  const entry = "page";
  const bundle = await rolldown({
    input: entry,
    // As of one published file, whose statements alone say what may go.
    treeshake: { moduleSideEffects: true },
    plugins: [
      {
        name: "page",
        resolveId: (id) => (id === entry ? entry : null),
        load: (id) =>
          id === entry
            ? `import { ${names} } from ${JSON.stringify(`${process.cwd()}/src/index.ts`)};
               globalThis.kept = [${names}];`
            : null,
      },
    ],
  });
  const { output } = await bundle.generate();
  await bundle.close();
  return output[0].code;
}

test("a page with attention has no Transformer in it, and one with a model has no other library's names", async () => {
  const parts = [
    "MultiHeadAttention",
    "Residual",
    "LayerNorm",
    "RotaryPositions",
    "in_proj_weight",
  ];
  const foundIn = (code: string) => parts.filter((name) => code.includes(name));
  expect(foundIn(await bundled("attention"))).toEqual([]);
  expect(foundIn(await bundled("AttentionSeq2seq"))).not.toContain("in_proj_weight");
  const both = "TransformerEncoderBlock, RotaryPositions, fromTorchAttention";
  expect(foundIn(await bundled(both))).toEqual(parts);
});
