import { checkArray } from "../core/arguments.ts";
import { CheckpointError } from "../core/errors.ts";
import { readSafetensors } from "../formats/safetensors.ts";
import {
  checkFinite,
  checkKind,
  checkSeal,
  type FileKind,
  metadataText,
  parseMetadata,
  type SealedTensors,
  writeSealed,
} from "./sealed-file.ts";
import { arrayNames, checkStanding, type TrainingState } from "./training-state.ts";

const TRAINING: FileKind = {
  what: "a checkpoint of a training",
  file: "checkpoint",
  format: "heed.Training",
  version: "1",
};

/**
 * A training as a safetensors file: numbers as they are, where it stands and a checksum as metadata.
 *
 * @throws DataError when a number is not finite: such a training is not worth to be continued
 *
 * @example
 * const pairs = [{ source: "ab", target: "ba", line: 1 }];
 * const model = AttentionSeq2seq.fromPairs(pairs, defaultConfig(pairs, { hiddenSize: 4 }));
 * const trainer = new Trainer(model, pairs, { epochs: 2 });
 * await trainer.step();
 * const bytes = writeTrainingState(await trainer.state());
 * readTrainingState(bytes, "checkpoint").standing.step; // → 1
 */
export function writeTrainingState(state: TrainingState): Uint8Array {
  const where = "writeTrainingState";
  const standing = checkStanding(where, state?.standing);
  const tensors = new Map(
    arrayNames(standing).map((name) => {
      const data = state.arrays?.get?.(name);
      const isNumbers = data instanceof Float32Array || data instanceof Float64Array;
      checkArray(where, "arrays", [isNumbers ? name : data], `numbers as ${name}`, () => isNumbers);
      const numbers = data as Float32Array | Float64Array;
      checkFinite(where, name, numbers);
      return [name, { shape: [numbers.length], data: numbers }];
    }),
  );
  return writeSealed(TRAINING, { standing: JSON.stringify(standing) }, tensors);
}

/**
 * Reads what {@link writeTrainingState} wrote.
 *
 * @param where the file's name, for messages
 * @throws CheckpointError when the bytes are damaged, foreign or from a later version
 *
 * @example
 * readTrainingState(new Uint8Array(4), "my.checkpoint"); // → throws CheckpointError: only 4 bytes
 */
export function readTrainingState(bytes: Uint8Array, where: string): TrainingState {
  const { metadata, tensors } = readSafetensors(bytes, where);
  checkKind(metadata, TRAINING, where);
  const described = { standing: metadataText(metadata, "standing", where) };
  const standing = checkStanding(where, parseMetadata(described.standing, "standing", where));
  const names = arrayNames(standing);
  const ordered: SealedTensors = new Map(
    names.map((name) => {
      const tensor = tensors.get(name);
      if (tensor?.data.length === standing.belongs.parameters) return [name, tensor];
      throw new CheckpointError({
        where,
        expected: `${standing.belongs.parameters} numbers as ${name}`,
        received: tensor === undefined ? "none" : `${tensor.data.length}`,
      });
    }),
  );
  checkSeal(metadata, described, ordered, where);
  return { standing, arrays: new Map([...ordered].map(([name, { data }]) => [name, data])) };
}
