import { ALPHABET, PREFIXES, SHIFT } from "../src/devices/wasm/module-bytes.ts";

/** The text that `bytesOfText` reads: safe between any quotes. */
export function bytesAsText(bytes: Uint8Array): string {
  return Array.from(bytes, asText).join("");
}

function asText(byte: number): string {
  const place = PREFIXES + ((byte + SHIFT) % 256);
  if (place < ALPHABET.length) return ALPHABET[place]!;
  const rest = place - ALPHABET.length;
  return ALPHABET[Math.floor(rest / ALPHABET.length)]! + ALPHABET[rest % ALPHABET.length]!;
}
