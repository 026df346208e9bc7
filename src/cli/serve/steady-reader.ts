import { createHash } from "node:crypto";
import { close, fstat, open, read, type Stats } from "node:fs";

/** A file is not, or no longer, what was announced of it. */
export class FileChanged extends Error {}

/** What `createReadStream` takes as `fs`. */
export interface Reader {
  readonly open: typeof open;
  readonly read: (
    fd: number,
    buffer: Buffer,
    offset: number,
    length: number,
    position: number | null,
    done: (error: Error | null, bytes?: number, buffer?: Buffer) => void,
  ) => void;
  readonly close: typeof close;
}

/**
 * A way to read a file that fails with FileChanged as soon as the file is not the one that `announced` describes.
 * Size, ETag and ranges of a response come from a look at the file, its bytes from another: in between, or while a slow
 * client takes them, another program may write. So before anything that was read is passed on, the file is looked at
 * once more. One that was replaced as a whole while it was read, as heed does it, can be read to its end.
 */
export function steadyReader(announced: () => Stats | undefined): Reader {
  return {
    open,
    read: (fd, buffer, offset, length, position, done) => {
      read(fd, buffer, offset, length, position, (error, bytes) => {
        if (error !== null) return done(error);
        fstat(fd, (failure, found) => {
          const before = announced();
          if (failure !== null) done(failure);
          else if (before === undefined || !isSame(before, found)) done(new FileChanged());
          else done(null, bytes, buffer);
        });
      });
    },
    close,
  };
}

/** Tells versions of a file apart, also two of the same size and age. */
export function entityTag({ dev, ino, size, mtimeMs }: Stats): string {
  const identity = [dev, ino, size, mtimeMs].join(" ");
  return `"${createHash("sha256").update(identity).digest("base64url").slice(0, 22)}"`;
}

/** Not by `ctime`, which changes when a file loses its name to another. */
function isSame(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs;
}
