import { checkOptions } from "../core/arguments.ts";
import { CheckpointError } from "../core/errors.ts";
import type { Memory } from "../core/storage.ts";
import { AttentionSeq2seq } from "./model.ts";
import { type ModelSource, readSource } from "./model-source.ts";

/**
 * The model in a file, behind an address, or in memory; in Node, in a page and in a worker alike.
 *
 * A string or a URL is fetched if it is an address (`http:`, `https:`, `data:`, `blob:`). In a page or a
 * worker every string is one, relative to the page or the worker. In Node a string of no such scheme is the
 * path of a file, and `file:` is read as well. A Blob (a File that was dropped on the page, say), a Response,
 * an ArrayBuffer and a Uint8Array are what they hold. Nothing of a source is run: a model file has numbers
 * and text in it alone.
 *
 * @param options.device where the model shall compute; the current device unless given
 * @param options.signal ends the loading when it aborts; the promise then rejects with its reason
 * @throws CheckpointError that names the source, when it cannot be read or is more than 2 GiB, and when what
 *   it holds is damaged, foreign or from a later version
 * @throws DataError when it is no source at all
 *
 * @example
 * const pairs = [{ source: "ab", target: "ba", line: 1 }];
 * const trained = AttentionSeq2seq.fromPairs(pairs, defaultConfig(pairs));
 * const model = await loadModel(new Blob([(await trained.toBytes()).slice()]));
 * model.parameterCount === trained.parameterCount; // → true
 * const wrong = await loadModel("nowhere.safetensors").catch((error) => error.message);
 * wrong; // → "nowhere.safetensors: expected a model file, got no such file"
 */
export async function loadModel(
  source: ModelSource,
  options: { readonly device?: Memory; readonly signal?: AbortSignal } = {},
): Promise<AttentionSeq2seq> {
  checkOptions("loadModel", options, ["device", "signal"]);
  const { device, signal } = options;
  const { bytes, where, isPage } = await readSource(source, signal);
  try {
    return AttentionSeq2seq.fromBytes(bytes, {
      where,
      ...(device === undefined ? {} : { device }),
    });
  } catch (cause) {
    if (!isPage || !(cause instanceof CheckpointError)) throw cause;
    throw new CheckpointError(
      {
        where,
        expected: "a model file",
        received: "a page of HTML",
        fix: "check the address: servers often answer so where there is nothing",
      },
      { cause },
    );
  }
}
