import { STATUS_CODES } from "node:http";

/**
 * What the page may do: run its own scripts, compile WebAssembly, start workers from its own files and from a Blob
 * (as the library does), draw, and read models from an address. Charts place marks by style attributes.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "manifest-src 'self'",
  "connect-src 'self' https: blob: data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** On every response. The first two are what a page needs to share memory among threads. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Content-Security-Policy": POLICY,
};

/** To be asked for again each time, which an ETag makes cheap. */
export const NO_CACHE = "no-cache";

/** For a file whose name changes with what is in it. */
export const FOR_EVER = "public, max-age=31536000, immutable";

/** A whole response as text, for a connection on which no request could be read. */
export function rawResponse(status: number): string {
  const body = `${STATUS_CODES[status] ?? "Error"}\n`;
  const headers = {
    ...COMMON_HEADERS,
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": String(body.length),
    Connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}\r\n${lines.join("")}\r\n${body}`;
}
