import { AttentionSeq2seq, type ModelConfig, type TransduceOptions, type Transduction } from "heed";
import { openCompute } from "./device.ts";
import { serveMethods } from "./rpc.ts";

/** What is known of a model that was loaded. */
export interface ModelCard {
  /** By which it is asked. */
  readonly id: number;
  readonly config: ModelConfig;
  readonly parameters: number;
  readonly sourceSymbols: number;
  readonly targetSymbols: number;
  readonly hasFeatures: boolean;
  /** What it is computed on. */
  readonly device: string;
}

/** What a model made of a text, and how long it took. */
export interface Answer {
  readonly result: Transduction;
  readonly milliseconds: number;
}

const models = new Map<number, AttentionSeq2seq>();
let last = 0;

const methods = {
  /** Makes a model of the bytes of a file. */
  async load(bytes: Uint8Array, compute: string | null): Promise<ModelCard> {
    // One thread is fastest for one text.
    const device = await openCompute(compute, 1);
    const model = AttentionSeq2seq.fromBytes(bytes);
    const id = ++last;
    models.set(id, model);
    const { config, parameterCount, sourceVocabulary, targetVocabulary } = model;
    return {
      id,
      config,
      parameters: parameterCount,
      sourceSymbols: sourceVocabulary.size,
      targetSymbols: targetVocabulary.size,
      hasFeatures: model.featureVocabulary !== null,
      device,
    };
  },

  /** What a model makes of a text. */
  async transduce(
    id: number,
    input: { readonly source: string; readonly features?: string },
    options: TransduceOptions,
  ): Promise<Answer> {
    const model = models.get(id);
    if (model === undefined) throw new Error("this model was closed");
    const began = performance.now();
    const result = await model.transduce(input, options);
    return { result, milliseconds: performance.now() - began };
  },

  /** Forgets a model. */
  close(id: number): void {
    models.get(id)?.dispose();
    models.delete(id);
  },
};

/** What the page can ask of this worker. */
export type ReaderMethods = typeof methods;

serveMethods(methods);
