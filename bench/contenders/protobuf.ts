/** The little of protobuf's wire format that a file of ONNX needs. */

/** A field: its number, and a whole number, a float, text, bytes or message (already encoded). */
export type Field = readonly [
  number: number,
  value: number | { readonly float: number } | string | Uint8Array,
];

/** Fields, one after the other. */
export function message(...fields: readonly Field[]): Uint8Array {
  return Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === "number") return Buffer.from([...varint(number << 3), ...varint(value)]);
      if (typeof value === "object" && "float" in value) {
        const four = Buffer.from(Float32Array.of(value.float).buffer);
        return Buffer.concat([Buffer.from(varint((number << 3) | 5)), four]);
      }
      const bytes = typeof value === "string" ? Buffer.from(value) : value;
      return Buffer.concat([
        Buffer.from([...varint((number << 3) | 2), ...varint(bytes.length)]),
        bytes,
      ]);
    }),
  );
}

/** A whole number in groups of seven bits, the lowest first; negative ones as 64 bits. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}
