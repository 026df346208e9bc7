import { CheckpointError, DataError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shapes.ts";
import { readSafetensors } from "../formats/safetensors.ts";
import { parameterSpecs } from "./architectures.ts";
import { checkConfig, type ModelConfig } from "./model-config.ts";
import type { ModelParts } from "./model-parts.ts";
import {
  checkFinite,
  checkKind,
  checkSeal,
  type FileKind,
  parseMetadata as parse,
  metadataText as text,
  writeSealed,
} from "./sealed-file.ts";
import { Vocabulary } from "./vocabulary.ts";

const MODEL: FileKind = {
  what: "a heed model",
  file: "model file",
  format: "heed.AttentionSeq2seq",
  version: "1",
};

/** What a model file holds. */
export interface Checkpoint {
  readonly config: ModelConfig;
  readonly source: Vocabulary;
  /** null: the model reads none. */
  readonly features: Vocabulary | null;
  readonly target: Vocabulary;
  /** Per parameter name, its numbers. */
  readonly tensors: ReadonlyMap<string, ArrayLike<number>>;
}

/** The model as a safetensors file: parameters as F32, config, vocabularies and a checksum as metadata. */
export async function writeCheckpoint(model: ModelParts): Promise<Uint8Array> {
  const { parameters } = model;
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const name of parameters.names) {
    const value = parameters.value(name);
    const data = Float32Array.from(await value.read());
    checkFinite("AttentionSeq2seq.toBytes", name, data);
    tensors.set(name, { shape: value.shape, data });
  }
  const described = {
    config: JSON.stringify(model.config),
    source: JSON.stringify(model.sourceVocabulary),
    features: JSON.stringify(model.featureVocabulary),
    target: JSON.stringify(model.targetVocabulary),
  };
  return writeSealed(MODEL, described, tensors);
}

/**
 * Reads what {@link writeCheckpoint} wrote. Shapes are held against the config before anything of the
 * config's sizes is allocated.
 *
 * @throws CheckpointError when the bytes are damaged, foreign or from a later version
 */
export function readCheckpoint(bytes: Uint8Array, where: string): Checkpoint {
  const { metadata, tensors } = readSafetensors(bytes, where);
  checkKind(metadata, MODEL, where);
  const described = {
    config: text(metadata, "config", where),
    source: text(metadata, "source", where),
    features: text(metadata, "features", where),
    target: text(metadata, "target", where),
  };
  const config = readConfig(parse(described.config, "config", where), where);
  const source = Vocabulary.fromJSON(parse(described.source, "source", where), where);
  const tags = parse(described.features, "features", where);
  const features = tags === null ? null : Vocabulary.fromJSON(tags, where);
  const target = Vocabulary.fromJSON(parse(described.target, "target", where), where);
  if ((target.end === null) !== (config.targetLength !== null)) {
    throw new CheckpointError({
      where,
      expected: "either an end symbol in the target vocabulary or a targetLength in the config",
      received: target.end === null ? "neither" : "both",
    });
  }

  const sizes = {
    source: source.size + (features?.size ?? 0),
    target: target.size,
  };
  const specs = parameterSpecs(config, sizes);
  for (const { name, shape } of specs) {
    const found = tensors.get(name);
    if (found === undefined || !sameShape(found.shape, shape)) {
      throw new CheckpointError({
        where,
        expected: `a tensor ${name} of shape ${formatShape(shape)}, as config and vocabularies say`,
        received: found === undefined ? "none" : `shape ${formatShape(found.shape)}`,
      });
    }
  }
  if (tensors.size !== specs.length) {
    const known = new Set(specs.map(({ name }) => name));
    const extra = [...tensors.keys()].filter((name) => !known.has(name));
    throw new CheckpointError({
      where,
      expected: `${specs.length} tensors`,
      received: `${tensors.size}, among them ${extra.slice(0, 3).join(", ")}`,
    });
  }
  const ordered = new Map(
    specs.map(({ name, shape }) => [
      name,
      { shape, data: Float32Array.from(tensors.get(name)?.data ?? []) },
    ]),
  );
  checkSeal(metadata, described, ordered, where);
  for (const [name, { data }] of ordered) {
    if (data.every(Number.isFinite)) continue;
    throw new CheckpointError({
      where,
      expected: `finite numbers in ${name}`,
      received: String(data.find((number) => !Number.isFinite(number))),
      fix: "the training that wrote it had diverged; train again",
    });
  }
  return {
    config,
    source,
    features,
    target,
    tensors: new Map([...ordered].map(([name, { data }]) => [name, data])),
  };
}

function readConfig(value: unknown, where: string): ModelConfig {
  if (typeof value !== "object" || value === null) {
    throw new CheckpointError({ where, expected: "an object as config", received: typeof value });
  }
  try {
    return checkConfig(where, value as ModelConfig);
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    throw new CheckpointError(
      { where, expected: cause.expected, received: cause.received },
      { cause },
    );
  }
}
