import {
  checkFields,
  fieldRefusal,
  flag,
  orNull,
  type Rules,
  share,
  whole,
  word,
} from "./rules.ts";

/** What of the decoder's state meets the encoder's states, and how; "none" leaves attention out. */
export type AttentionKind =
  | "none"
  | "dot"
  | "scaled-dot"
  | "multiplicative"
  | "additive"
  | "multi-head";

/** Everything about an `AttentionSeq2seq` that is not learned; kept in the model file. */
export interface ModelConfig {
  /** LSTMs or GRUs with attention between them (Bahdanau et al. 2015), or a Transformer (Vaswani et al. 2017). */
  readonly architecture: "recurrent" | "transformer";
  /** Size D of the embeddings; of a Transformer, `hiddenSize` too. */
  readonly embeddingSize: number;
  /**
   * Size H of the states on both sides. A bidirectional encoder gives half of them to each direction, so
   * that it is even then.
   */
  readonly hiddenSize: number;
  /** The recurrent cell of both sides; of no meaning to a Transformer. */
  readonly cell: "lstm" | "gru";
  /** Layers that read. */
  readonly encoderLayers: number;
  /** Layers that write. */
  readonly decoderLayers: number;
  /** Whether every layer of the encoder reads from both ends (Schuster & Paliwal 1997); recurrent only. */
  readonly bidirectional: boolean;
  /** How the decoder meets the encoder's states; a Transformer's is "multi-head". */
  readonly attention: AttentionKind;
  /** Heads of a multi-head attention, which divide `hiddenSize`; 1 otherwise. */
  readonly heads: number;
  /**
   * Whether a step of the decoder is given what the step before made of its context (Luong et al. 2015,
   * section 3.3): the attentional vector, or the context where there is none. Recurrent only.
   */
  readonly inputFeeding: boolean;
  /**
   * Size of the attentional vector tanh([context; hidden] · W + b) (Luong et al. 2015, equation 5), of which
   * the output is made; null: the output is made of context and hidden state as they are. Recurrent only.
   */
  readonly attentionalSize: number | null;
  /**
   * What the decoder's states begin with: the encoder's last ones ("state"); their hidden half with a cell
   * of zeros ("hidden", which is "state" for GRUs); a layer tanh(s · W + b) of them ("linear"); or zeros
   * ("zero"). Recurrent only.
   */
  readonly bridge: "state" | "hidden" | "linear" | "zero";
  /**
   * Whether the output layer is the decoder's embeddings, transposed ("target", Press & Wolf 2017), or those
   * of both sides, who then share one vocabulary ("all"). What comes before the output is of size D then.
   */
  readonly tiedEmbeddings: "none" | "target" | "all";
  /** Whether symbols of the source may be copied (See, Liu & Manning 2017, section 2.2). Recurrent only. */
  readonly copy: boolean;
  /** Numbers within a Transformer's feed-forward layers; 4 · H by default. */
  readonly feedForwardSize: number;
  /** Whether the encoder reads the source from its end (Sutskever et al. 2014). */
  readonly reverseSource: boolean;
  /**
   * Whether padding is kept from the encoder and the attention. Without it every source is padded to
   * `sourceLength`, and the padding is read like any symbol, as the date model of *Deep Learning from
   * Scratch 2* does.
   */
  readonly maskPadding: boolean;
  /** Length every source is padded to; only without `maskPadding`, else null. */
  readonly sourceLength: number | null;
  /** Number of decoding steps where there is no end symbol; null: decoding ends at the end symbol. */
  readonly targetLength: number | null;
  /** Most symbols an output may have where the end symbol does not come first. */
  readonly targetLimit: number;
  /** Share of the numbers set to 0 after the embeddings, while training. */
  readonly embeddingDropout: number;
  /** The same between layers, and, of a Transformer, within them. */
  readonly layerDropout: number;
  /** The same before the output. */
  readonly outputDropout: number;
}

/** Most symbols of a padded source or of an output: a file that asks for more asks for trouble. */
export const MOST_SYMBOLS = 2 ** 16;
/** Largest size of a layer. */
const LARGEST = 2 ** 16;
/** Most layers on a side. */
const MOST_LAYERS = 64;

/** What each field may be. */
const RULES: Rules<ModelConfig> = {
  architecture: word("recurrent", "transformer"),
  embeddingSize: whole(1, LARGEST),
  hiddenSize: whole(1, LARGEST),
  cell: word("lstm", "gru"),
  encoderLayers: whole(1, MOST_LAYERS),
  decoderLayers: whole(1, MOST_LAYERS),
  bidirectional: flag,
  attention: word("none", "dot", "scaled-dot", "multiplicative", "additive", "multi-head"),
  heads: whole(1, LARGEST),
  inputFeeding: flag,
  attentionalSize: orNull(whole(1, LARGEST)),
  bridge: word("state", "hidden", "linear", "zero"),
  tiedEmbeddings: word("none", "target", "all"),
  copy: flag,
  feedForwardSize: whole(1, 4 * LARGEST),
  reverseSource: flag,
  maskPadding: flag,
  sourceLength: orNull(whole(0, MOST_SYMBOLS)),
  targetLength: orNull(whole(1, MOST_SYMBOLS)),
  targetLimit: whole(1, MOST_SYMBOLS),
  embeddingDropout: share,
  layerDropout: share,
  outputDropout: share,
};

/** The fields of a config, in the order in which they are written down. */
export const CONFIG_FIELDS = Object.keys(RULES) as readonly (keyof ModelConfig)[];

/**
 * Refuses a config with a field out of range or with fields that do not go together, and gives back the
 * fields of a config alone.
 *
 * @throws DataError
 */
export function checkConfig(where: string, config: ModelConfig): ModelConfig {
  const checked = checkFields(where, "the config", RULES, config);
  checkTogether(where, checked);
  return checked;
}

/** What one field asks of others. */
function checkTogether(where: string, config: ModelConfig): void {
  const refuse = (name: keyof ModelConfig, expected: string): never => {
    throw fieldRefusal(where, name, expected, config[name]);
  };
  const { maskPadding, sourceLength, attention, hiddenSize, heads } = config;
  if (maskPadding !== (sourceLength === null)) {
    refuse(
      "sourceLength",
      maskPadding ? "null, since padding is masked" : "a length, since padding is not masked",
    );
  }
  if (attention !== "multi-head" && heads !== 1) {
    refuse("heads", `1, since attention is ${JSON.stringify(attention)}`);
  }
  if (hiddenSize % heads !== 0) refuse("heads", `a divisor of hiddenSize, which is ${hiddenSize}`);
  if (config.architecture === "transformer") {
    checkTransformer(config, refuse);
    return;
  }
  if (config.bidirectional && hiddenSize % 2 !== 0) {
    refuse("hiddenSize", "even, since the encoder is bidirectional");
  }
  if (config.inputFeeding && attention === "none" && config.attentionalSize === null) {
    refuse("inputFeeding", "false, since there is neither attention nor an attentional vector");
  }
  if (config.copy && attention === "none") {
    refuse("copy", "false, since what to copy is found by attention, and there is none");
  }
  if (config.tiedEmbeddings !== "none" && config.attentionalSize !== config.embeddingSize) {
    refuse(
      "attentionalSize",
      `${config.embeddingSize}, as embeddingSize, since embeddings are tied`,
    );
  }
}

function checkTransformer(
  config: ModelConfig,
  refuse: (name: keyof ModelConfig, expected: string) => never,
): void {
  const why = "since the architecture is a Transformer";
  if (config.attention !== "multi-head") refuse("attention", `"multi-head", ${why}`);
  if (config.embeddingSize !== config.hiddenSize) {
    refuse("embeddingSize", `${config.hiddenSize}, as hiddenSize, ${why}`);
  }
  for (const name of ["bidirectional", "inputFeeding", "copy"] as const) {
    if (config[name]) refuse(name, `false, ${why}`);
  }
  if (config.attentionalSize !== null) refuse("attentionalSize", `null, ${why}`);
}
