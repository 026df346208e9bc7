/** How files begin that people take for safetensors. */
const KINDS: readonly (readonly [prefix: readonly number[], name: string])[] = [
  [[0x89, 0x50, 0x4e, 0x47], "a PNG image"],
  [[0xff, 0xd8, 0xff], "a JPEG image"],
  [[0x50, 0x4b, 0x03, 0x04], "a zip archive, as .npz files and PyTorch's .pt files are"],
  [[0x1f, 0x8b], "a gzip archive"],
  [[0x89, 0x48, 0x44, 0x46], "an HDF5 file"],
  [[0x80, 0x02], "a Python pickle"],
  [[0x80, 0x03], "a Python pickle"],
  [[0x80, 0x04], "a Python pickle"],
  [[0x80, 0x05], "a Python pickle"],
  [ascii("\x93NUMPY"), "a NumPy .npy file"],
  [ascii("GGUF"), "a GGUF file"],
  [ascii("version https://git-lfs"), "a Git LFS pointer, not the file that it stands for"],
  [ascii("<"), "HTML or XML"],
  [ascii("{"), "JSON"],
  [ascii("["), "JSON"],
];

/** What kind of file bytes are instead, as far as their beginning tells; null where it does not. */
export function foreignKind(bytes: Uint8Array): string | null {
  for (const [prefix, name] of KINDS) {
    if (prefix.every((byte, i) => bytes[i] === byte)) return name;
  }
  return null;
}

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}
