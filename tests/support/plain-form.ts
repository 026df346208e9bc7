import type { ConfigOverrides } from "../../src/index.ts";

/** A config's overrides over the plainest recurrent form: dot attention, and nothing that is fed. */
export function plainForm(overrides: ConfigOverrides): ConfigOverrides {
  if (overrides.architecture === "transformer") return overrides;
  const { tiedEmbeddings = "none" } = overrides;
  const vector = tiedEmbeddings === "none" ? { attentionalSize: null } : {};
  return { attention: "dot", inputFeeding: false, ...vector, ...overrides };
}
