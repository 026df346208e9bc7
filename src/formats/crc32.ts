/** The remainders of all bytes, for the polynomial of ISO 3309 (reflected 0xEDB88320). */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? 0xedb88320 ^ (remainder >>> 1) : remainder >>> 1;
  }
  return remainder;
});

/**
 * The CRC-32 of bytes (ISO 3309, as in zip and PNG): finds what storage and transport do to a file.
 *
 * @param before the CRC of what came before, to go on from
 * @example
 * crc32(new TextEncoder().encode("123456789")).toString(16); // → "cbf43926"
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) {
    crc = TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}
