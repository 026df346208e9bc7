/**
 * Writes to stdout and resolves once the text has been taken, so that a slow reader slows the
 * writer down instead of filling the memory. When the reader has gone (`heed predict … | head`)
 * the process ends here, quietly and successfully.
 */
export function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error === undefined || error === null) resolve();
      else if ("code" in error && error.code === "EPIPE") process.exit(0);
      else reject(error);
    });
  });
}

/** Keeps a reader that has gone from being reported as a crash; `print` deals with all else. */
export function ignoreClosedPipes(): void {
  process.stderr.on("error", () => {});
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
  });
}

/** A count for people: `12,345`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** A number of pairs for people: `1 pair`, `12,345 pairs`. */
export function pairCount(pairs: number): string {
  return `${count(pairs)} ${pairs === 1 ? "pair" : "pairs"}`;
}

/** A share as a percentage with the digits it needs: `97.3 %`, `99.97 %`, `100 %`. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return "unknown";
  const value = share * 100;
  if (Number.isInteger(value)) return `${value} %`;
  // More digits towards 0 and 100, so that 99.97 % is never rounded to all.
  const near = Math.min(Math.abs(value), Math.abs(100 - value));
  return `${value.toFixed(near < 0.01 ? 4 : near < 1 ? 2 : 1)} %`;
}

/** A length of time for people: `8 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
