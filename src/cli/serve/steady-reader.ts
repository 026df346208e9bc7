import { createHash } from "node:crypto";
import { close, fstat, open, read, type Stats } from "node:fs";

/** A file is not, or no longer, what was announced of it. */
export class FileChanged extends Error {}

type Done<Parts extends readonly unknown[]> = (
  error: NodeJS.ErrnoException | null,
  ...parts: Parts
) => void;

/** What `createReadStream` takes as `fs`. */
export interface Reader {
  readonly open: (path: string, flags: string, mode: number, done: Done<[fd?: number]>) => void;
  readonly read: (
    fd: number,
    buffer: Buffer,
    offset: number,
    length: number,
    position: number | null,
    done: Done<[bytes?: number, buffer?: Buffer]>,
  ) => void;
  readonly close: typeof close;
}

/**
 * A way to read a file that fails with FileChanged as soon as the file is not the one that `announced` describes.
 * Size, ETag and ranges of a response come from a look at the file, its bytes from another: in between, or while a slow
 * client takes them, another program may write. What is read is therefore looked at once more before it is passed on.
 * A file that was replaced as a whole, as heed does, can be read to its end.
 */
export function steadyReader(announced: () => Stats | undefined): Reader {
  return {
    open: (path, flags, mode, done) => {
      open(path, flags, mode, (error, fd) => {
        if (error !== null) return done(error);
        fstat(fd, (failure, found) => {
          const before = announced();
          const same = failure === null && before !== undefined && isSameFile(before, found);
          if (same && hasSameBytes(before, found)) return done(null, fd);
          close(fd, () => done(failure ?? new FileChanged()));
        });
      });
    },
    read: (fd, buffer, offset, length, position, done) => {
      read(fd, buffer, offset, length, position, (error, bytes) => {
        if (error !== null) return done(error);
        fstat(fd, (failure, found) => {
          const before = announced();
          const same = failure === null && before !== undefined && hasSameBytes(before, found);
          if (same) done(null, bytes, buffer);
          else done(failure ?? new FileChanged());
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

function isSameFile(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

/** Not by `ctime`, which changes when a file loses its name to another. */
function hasSameBytes(a: Stats, b: Stats): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs;
}
