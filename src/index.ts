/** heed's public face: everything a program imports from "heed", and nothing else. */

export {
  CheckpointError,
  DataError,
  DeviceError,
  DtypeError,
  type ErrorFacts,
  HeedError,
  ShapeError,
  StateError,
} from "./core/errors.ts";
export { normalQuantile, Random } from "./core/random.ts";
export { Scope } from "./core/scope.ts";
export type { NestedNumbers, Shape } from "./core/shapes.ts";
export type { Dtype, Memory, Storage, StorageArray, StorageDtype } from "./core/storage.ts";
export { Indices, Tensor } from "./core/tensor.ts";
export { indices, normal, type TensorOptions, tensor, uniform, zeros } from "./devices/create.ts";
export {
  currentDevice,
  type DeviceName,
  type DeviceOptions,
  openDevice,
  useDevice,
} from "./devices/current.ts";
export { type NpyArray, type NpyNumbers, readNpy, writeNpy } from "./formats/npy.ts";
export {
  readSafetensors,
  type SafetensorsContents,
  type SafetensorsDtype,
  type SafetensorsFile,
  type SafetensorsTensor,
  writeSafetensors,
} from "./formats/safetensors.ts";
export type { Device } from "./kernels/device.ts";
export type { Kernels } from "./kernels/kernels.ts";
export type { LayerKernels } from "./kernels/layer-kernels.ts";
export type { SequenceKernels } from "./kernels/sequence-kernels.ts";
export { Gelu, Relu, Sigmoid, Tanh } from "./layers/activations.ts";
export {
  AdditiveAttention,
  type AdditiveAttentionOptions,
  type AdditiveParts,
} from "./layers/attend/additive-attention.ts";
export { attention } from "./layers/attend/attention.ts";
export type {
  AttentionCallOptions,
  AttentionLayerOptions,
} from "./layers/attend/attention-layer.ts";
export type { AttentionGradients } from "./layers/attend/backward.ts";
export {
  DotProductAttention,
  type DotProductAttentionOptions,
} from "./layers/attend/dot-product-attention.ts";
export { KeyValueCache, type KeyValueCacheOptions } from "./layers/attend/key-value-cache.ts";
export { MultiplicativeAttention } from "./layers/attend/multiplicative-attention.ts";
export type {
  AdditiveScore,
  AttentionOptions,
  AttentionScore,
  DotScore,
  KeysAndValues,
  MultiplicativeScore,
  NestedBooleans,
} from "./layers/attend/options.ts";
export { AttentionResult } from "./layers/attend/result.ts";
export type { ScoreGradients } from "./layers/attend/scores.ts";
export { Attention } from "./layers/attention.ts";
export { AttentionWeight } from "./layers/attention-weight.ts";
export { CopyMixture, type CopyMixtureGradients } from "./layers/copy-mixture.ts";
export {
  CoverageAttention,
  type CoverageGradients,
} from "./layers/coverage/coverage-attention.ts";
export { CoverageDecoding } from "./layers/coverage/decoding.ts";
export type { CoverageCall } from "./layers/coverage/source.ts";
export { Dropout, type DropoutOptions } from "./layers/dropout.ts";
export { Embedding } from "./layers/embedding.ts";
export { FeedForward, type FeedForwardOptions } from "./layers/feed-forward.ts";
export { GRU, type GruStart, type GruState } from "./layers/gru.ts";
export type { Layer } from "./layers/layer.ts";
export { LayerNorm, type LayerNormOptions } from "./layers/layer-norm.ts";
export { Linear } from "./layers/linear.ts";
export { LocalAttention } from "./layers/local/local-attention.ts";
export type { LocalAttentionOptions, LocalCall } from "./layers/local/options.ts";
export type { LossCall, LossOptions } from "./layers/loss.ts";
export { LSTM, type LstmStart, type LstmState } from "./layers/lstm.ts";
export type { MultiHeadCall } from "./layers/multi-head/call.ts";
export type { ConversionOptions } from "./layers/multi-head/foreign.ts";
export { fromKerasAttention, toKerasAttention } from "./layers/multi-head/keras-attention.ts";
export {
  MultiHeadAttention,
  type MultiHeadGradients,
} from "./layers/multi-head/multi-head-attention.ts";
export type {
  AttentionRules,
  MultiHeadAttentionOptions,
} from "./layers/multi-head/options.ts";
export { fromTorchAttention, toTorchAttention } from "./layers/multi-head/torch-attention.ts";
export {
  loadParameters,
  type NamedNumbers,
  type Numbers,
  parameterNumbers,
} from "./layers/named-numbers.ts";
export {
  NegativeLogLikelihood,
  type NegativeLogLikelihoodOptions,
} from "./layers/negative-log-likelihood.ts";
export {
  Adam,
  type AdamOptions,
  type AdamState,
  clipGradients,
  zeroGradients,
} from "./layers/optimisation.ts";
export { type LayerOptions, type ParameterSpec, Parameters } from "./layers/parameters.ts";
export {
  LearnedPositions,
  type PositionsCall,
  SinusoidalPositions,
} from "./layers/positions.ts";
export {
  type RotaryCall,
  type RotaryOptions,
  RotaryPositions,
} from "./layers/rotary-positions.ts";
export { Softmax } from "./layers/softmax.ts";
export {
  SoftmaxCrossEntropy,
  type SoftmaxCrossEntropyOptions,
} from "./layers/softmax-cross-entropy.ts";
export { Entmax15, Sparsemax } from "./layers/sparse-softmax.ts";
export { TimeAttention, type TimeAttentionOptions } from "./layers/time-attention.ts";
export type { WeightGradients } from "./layers/transformer/block.ts";
export {
  TransformerDecoderBlock,
  type TransformerDecoderCall,
  type TransformerDecoderOptions,
} from "./layers/transformer/decoder-block.ts";
export { TransformerDecoderCache } from "./layers/transformer/decoder-cache.ts";
export {
  TransformerEncoderBlock,
  type TransformerEncoderCall,
} from "./layers/transformer/encoder-block.ts";
export type { TransformerBlockOptions } from "./layers/transformer/options.ts";
export type { NormPlace } from "./layers/transformer/residual.ts";
export {
  fromTorchTransformerLayer,
  toTorchTransformerLayer,
} from "./layers/transformer/torch-layer.ts";
export { WeightSum } from "./layers/weight-sum.ts";
export { onnxAttention } from "./onnx/attention-operator.ts";
export type {
  OnnxAttentionAttributes,
  OnnxAttentionInputs,
  OnnxAttentionOptions,
  OnnxAttentionOutput,
  OnnxAttentionOutputs,
} from "./onnx/attention-types.ts";
export type { AttentionMap } from "./plot/attention-map.ts";
export { type AttentionSvgOptions, attentionToSvg } from "./plot/attention-svg.ts";
export { type AttentionTextOptions, attentionToText } from "./plot/attention-text.ts";
export type { EncodedPair, SourceBatch } from "./seq2seq/batch.ts";
export {
  type AcceptanceRule,
  type Calibration,
  type CalibrationBin,
  calibration,
} from "./seq2seq/calibration.ts";
export { type ConfigOverrides, defaultConfig } from "./seq2seq/config.ts";
export { Ensemble } from "./seq2seq/ensemble.ts";
export { type EvaluateOptions, evaluate } from "./seq2seq/evaluate.ts";
export { loadModel } from "./seq2seq/load-model.ts";
export type { BestMeasure, Measure, Measures } from "./seq2seq/measures.ts";
export { AttentionSeq2seq } from "./seq2seq/model.ts";
export type { AttentionKind, ModelConfig } from "./seq2seq/model-config.ts";
export type { ModelOptions } from "./seq2seq/model-options.ts";
export type { ModelSource } from "./seq2seq/model-source.ts";
export type {
  Attending,
  DecoderState,
  DecoderStep,
  EncodedSource,
  Network,
  OutputGradients,
  StepOutput,
} from "./seq2seq/network.ts";
export { type PairsOptions, parsePairs } from "./seq2seq/pairs.ts";
export type { Schedule } from "./seq2seq/schedule.ts";
export { holdOut } from "./seq2seq/split.ts";
export { defaultText, type TextOptions } from "./seq2seq/text-options.ts";
export { joinSymbols, tokenize } from "./seq2seq/tokens.ts";
export { Trainer } from "./seq2seq/trainer.ts";
export { readTrainingState, writeTrainingState } from "./seq2seq/training-file.ts";
export { defaultTraining, type TrainOptions } from "./seq2seq/training-options.ts";
export type { TrainingStanding, TrainingState } from "./seq2seq/training-state.ts";
export type { Transducer } from "./seq2seq/transducer.ts";
export type {
  Evaluation,
  HeadMap,
  Hypothesis,
  Normalization,
  Pair,
  Prediction,
  Steering,
  StepAdvance,
  StepProgress,
  StepReport,
  Tokens,
  TransduceOptions,
  Transduction,
  TransductionInput,
} from "./seq2seq/types.ts";
export { Vocabulary } from "./seq2seq/vocabulary.ts";
export type { VocabularyParts } from "./seq2seq/vocabulary-parts.ts";
