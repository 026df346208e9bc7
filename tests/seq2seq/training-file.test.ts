import { describe, expect, it } from "vitest";
import {
  CheckpointError,
  DataError,
  Random,
  readSafetensors,
  readTrainingState,
  writeSafetensors,
  writeTrainingState,
} from "../../src/index.ts";
import { tinyTraining } from "./tiny-training.ts";

const trainer = tinyTraining(undefined, 8, { averageLast: 2 });
for (let i = 0; i < 5; i++) await trainer.step();
trainer.measured({ exactMatch: 0.1, symbolErrorRate: 1 / 3 });
const state = await trainer.state();
const bytes = writeTrainingState(state);
const read = (file: Uint8Array) => readTrainingState(file, "checkpoint");

describe("the file of a training", () => {
  it("holds all of its state, to the last bit", () => {
    expect(read(bytes)).toEqual(state);
    expect([...state.arrays.keys()]).toEqual(["parameters", "adam.m", "adam.v", "snapshot.0"]);
    expect(writeTrainingState(read(bytes))).toEqual(bytes);
  });

  it("may be written anew by a tool that sorts otherwise", () => {
    const { metadata, tensors } = readSafetensors(bytes, "checkpoint");
    const data = [...tensors].reverse().map(([name, { shape, data }]) => [name, { shape, data }]);
    const anew = writeSafetensors({
      metadata: new Map([...metadata].reverse()),
      tensors: new Map(data as never),
    });
    expect(anew).not.toEqual(bytes);
    expect(read(anew)).toEqual(state);
  });

  it("is refused when it is cut off, wherever", () => {
    for (let length = 0; length < bytes.length; length += length < 4000 ? 13 : 997) {
      expect(() => read(bytes.subarray(0, length)), `${length} bytes`).toThrow(CheckpointError);
    }
  });

  it("is refused when a bit is turned, wherever", () => {
    const random = new Random(1);
    for (let i = 0; i < 600; i++) {
      const damaged = bytes.slice();
      const at = i < 300 ? random.integer(3000) : random.integer(bytes.length);
      damaged[at]! ^= 1 << random.integer(8);
      const place = `byte ${at}`;
      try {
        expect(read(damaged), place).toEqual(state); // a space among the spaces of the header
      } catch (error) {
        expect(error, place).toBeInstanceOf(CheckpointError);
      }
    }
  });

  it("is refused when it is a model's, of a later version, or no file of ours", async () => {
    const { metadata, tensors } = readSafetensors(bytes, "checkpoint");
    const saying = (more: [string, string][]): Uint8Array =>
      writeSafetensors({ metadata: new Map([...metadata, ...more]), tensors: tensors as never });
    const model = await trainer.model.toBytes();
    for (const [file, message] of [
      [model, /a checkpoint of a training .* of format "heed.AttentionSeq2seq"/],
      [
        saying([["version", "2"]]),
        /version 1 .*got version "2"; a later heed wrote it; update heed/,
      ],
      [saying([["standing", "{}"]]), /expected step to be a whole number/],
      [saying([["standing", "{"]]), /expected JSON in metadata "standing"/],
      [saying([["crc32", "00000000"]]), /expected contents of CRC-32 00000000.*altered/],
      [new Uint8Array(20), /checkpoint: /],
    ] as const) {
      expect(() => read(file)).toThrow(CheckpointError);
      expect(() => read(file)).toThrow(message);
    }
  });

  it("is not written of numbers that are not finite", () => {
    for (const name of state.arrays.keys()) {
      const data = state.arrays.get(name)!.slice();
      data[5] = Number.NaN;
      const arrays = new Map([...state.arrays, [name, data]]);
      const write = (): unknown => writeTrainingState({ standing: state.standing, arrays });
      expect(write).toThrow(DataError);
      expect(write).toThrow(`writeTrainingState: expected finite numbers in ${name}, got NaN`);
    }
  });
});
