import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("examples/notebook.ts walks through the notebook's cells in order", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const output = execFileSync(process.execPath, ["--import", "tsx", "examples/notebook.ts"], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  const cells = [
    "One sequence, weights given by hand",
    "A batch of sequences; repeat against broadcasting",
    "WeightSum",
    "Similarity by dot product",
    "Softmax",
    "AttentionWeight",
    "Attention:",
    "TimeAttention",
  ];
  const places = cells.map((cell) => output.indexOf(`── ${cell}`));
  expect(places.every((place) => place >= 0)).toBe(true);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(output).toMatch(/attentionWeights +\(10, 3, 5\)/);
  expect(output).toMatch(/[█▓▒░]{3}/);
});
