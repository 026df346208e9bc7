import { create, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import type { Attributes, Constant, Graph, Node, Port } from "./graph.ts";

/** The version of the file format, and of the operators' definitions: what runtimes of 2022 on read. */
const IR_VERSION = 8n;
/** See {@link IR_VERSION}. */
const OPSET = 17n;

const ELEMENT_TYPES = {
  float: TensorProto_DataType.FLOAT,
  int64: TensorProto_DataType.INT64,
  bool: TensorProto_DataType.BOOL,
} as const;

/** A graph as the bytes of an ONNX file; the same graph makes the same bytes. */
export function modelBytes(
  graph: Graph,
  metadata: Readonly<Record<string, string>>,
  producer: { readonly name: string; readonly version: string },
): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: producer.name,
    producerVersion: producer.version,
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: "", version: OPSET })],
    metadataProps: Object.entries(metadata).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value }),
    ),
    graph: create(GraphProtoSchema, {
      name: graph.name,
      node: graph.nodes.map(nodeOf),
      initializer: graph.constants.map(tensorOf),
      input: graph.inputs.map(portOf),
      output: graph.outputs.map(portOf),
    }),
  });
  return toBinary(ModelProtoSchema, model);
}

function nodeOf({ operator, inputs, outputs, attributes }: Node, index: number) {
  return create(NodeProtoSchema, {
    name: `${index}`,
    opType: operator,
    input: [...inputs],
    output: [...outputs],
    attribute: attributesOf(attributes),
  });
}

function attributesOf(attributes: Attributes): AttributeProto[] {
  const text = new TextEncoder();
  return Object.entries(attributes).map(([name, value]) => {
    if (typeof value === "number") {
      const type = AttributeProto_AttributeType.INT;
      return create(AttributeProtoSchema, { name, type, i: BigInt(value) });
    }
    if (typeof value === "string") {
      const type = AttributeProto_AttributeType.STRING;
      return create(AttributeProtoSchema, { name, type, s: text.encode(value) });
    }
    const numbers = value.filter((each) => typeof each === "number");
    if (numbers.length === value.length) {
      const type = AttributeProto_AttributeType.INTS;
      return create(AttributeProtoSchema, { name, type, ints: numbers.map(BigInt) });
    }
    const type = AttributeProto_AttributeType.STRINGS;
    const strings = value.map((each) => text.encode(String(each)));
    return create(AttributeProtoSchema, { name, type, strings });
  });
}

function tensorOf({ name, shape, data }: Constant): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: shape.map(BigInt),
    dataType:
      data instanceof Float32Array ? TensorProto_DataType.FLOAT : TensorProto_DataType.INT64,
    rawData: Uint8Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  });
}

function portOf({ name, type, axes }: Port): ValueInfoProto {
  const dim = axes.map((axis) =>
    create(TensorShapeProto_DimensionSchema, {
      value:
        typeof axis === "number"
          ? { case: "dimValue", value: BigInt(axis) }
          : { case: "dimParam", value: axis },
    }),
  );
  const shape = create(TensorShapeProtoSchema, { dim });
  const tensor = create(TypeProto_TensorSchema, { elemType: ELEMENT_TYPES[type], shape });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: "tensorType", value: tensor } }),
  });
}
