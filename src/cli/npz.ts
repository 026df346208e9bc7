import { strToU8, type Zippable, zipSync } from "fflate";
import { type AttentionSeq2seq, parameterNumbers, writeNpy } from "../index.ts";

/** When zip says that a file was written: always the same, so that one model makes the same bytes. */
const WRITTEN = new Date(1980, 0, 1);

/**
 * All learned numbers of a model as an `.npz` file, one array a parameter, by name; and `vocabulary.json`, which
 * `numpy.load` gives as bytes. Nothing is compressed, as `numpy.savez` has it.
 */
export function npzBytes(model: AttentionSeq2seq, description: string): Uint8Array {
  const files: Zippable = {};
  for (const [name, array] of parameterNumbers(model.parameters)) {
    files[`${name}.npy`] = writeNpy(array);
  }
  files["vocabulary.json"] = strToU8(description);
  return zipSync(files, { level: 0, mtime: WRITTEN });
}
