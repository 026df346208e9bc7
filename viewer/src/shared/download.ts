/** Hands a file to the visitor. */
export function download(name: string, content: Blob | string, type = "text/plain"): void {
  const blob = typeof content === "string" ? new Blob([content], { type }) : content;
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // Not at once: the browser is still about to read it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A text as part of a file's name: letters and digits, what lies between as one hyphen. */
export function fileName(text: string): string {
  const kept = text
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40);
  return kept === "" ? "attention" : kept;
}
