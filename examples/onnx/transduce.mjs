/**
 * What a model makes of texts, on onnxruntime, without heed:
 *
 *     heed export model.safetensors --onnx exported
 *     npm ci --ignore-scripts && node transduce.mjs exported "june 27, 1990" "3/4/05"
 *
 * With --web it runs on onnxruntime-web, as it would in a page.
 */
import { readFile } from "node:fs/promises";
import { argv } from "node:process";
import { greedy } from "./greedy.mjs";

const [folder, ...texts] = argv.slice(2).filter((word) => word !== "--web");
const ort = await import(argv.includes("--web") ? "onnxruntime-web" : "onnxruntime-node");
const session = async (name) => ort.InferenceSession.create(await readFile(`${folder}/${name}`));
const model = {
  encoder: await session("encoder.onnx"),
  decoder: await session("decoder.onnx"),
  vocabulary: JSON.parse(await readFile(`${folder}/vocabulary.json`, "utf8")),
};
for (const { output, score } of await greedy(ort, model, texts)) {
  console.log(`${output}\t${score.toFixed(4)}`);
}
