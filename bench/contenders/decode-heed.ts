/**
 * heed, decoding greedily:
 *
 *     node decode-heed.ts MODEL.safetensors native|wasm THREADS
 */
import { readFileSync } from "node:fs";
import { AttentionSeq2seq, type DeviceName, openDevice, useDevice } from "heed";
import { serveDecoding } from "./decoding.ts";

const [file = "", device = "native", threads = "1"] = process.argv.slice(2);
useDevice(await openDevice(device as DeviceName, { threads: Number(threads) }));
const model = AttentionSeq2seq.fromBytes(readFileSync(file));
await serveDecoding(`heed ${device}`, async (texts, batchSize) => {
  const made = await model.transduceMany(texts, { batchSize });
  return made.map(({ output }) => output);
});
