import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeFileAtomically, writeFolderAtomically } from "../../src/cli/atomic-write.ts";
import { temporaryFolder } from "./run-heed.ts";

describe("writeFileAtomically", () => {
  it("writes a new file and leaves nothing else", async () => {
    const folder = temporaryFolder();
    await writeFileAtomically(join(folder, "new"), new Uint8Array([1, 2, 3]));
    expect([...readFileSync(join(folder, "new"))]).toEqual([1, 2, 3]);
    expect(readdirSync(folder)).toEqual(["new"]);
  });

  it("replaces a file and keeps its permissions", async () => {
    const path = join(temporaryFolder(), "old");
    writeFileSync(path, "old");
    chmodSync(path, 0o600);
    await writeFileAtomically(path, "new");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("writes through a symbolic link", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "old");
    symlinkSync("file", join(folder, "link"));
    await writeFileAtomically(join(folder, "link"), "new");
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("new");
    expect(readdirSync(folder)).toEqual(["file", "link"]);
  });

  it("writes through links whose file is not there yet", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "models"));
    symlinkSync("next", join(folder, "link"));
    symlinkSync("models/file", join(folder, "next"));
    await writeFileAtomically(join(folder, "link"), "new");
    expect(readFileSync(join(folder, "models", "file"), "utf8")).toBe("new");
    expect(readdirSync(folder)).toEqual(["link", "models", "next"]);
  });

  it("names the file, not the temporary one, when the system refuses", async () => {
    const path = join(temporaryFolder(), "no", "file");
    await expect(writeFileAtomically(path, "new")).rejects.toMatchObject({ path, code: "ENOENT" });
  });

  it("leaves the old file whole and no temporary one when the writing fails", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "old");
    writeFileSync(path, "old");
    // Data that fails when it is asked for, after the temporary file has been opened.
    const broken = new Proxy(new Uint8Array(3), {
      get: () => {
        throw new Error("no data");
      },
    });
    await expect(writeFileAtomically(path, broken)).rejects.toThrow();
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["old"]);
  });

  it("syncs the data before it takes the file's place, and the folder after", async () => {
    const path = join(temporaryFolder(), "file");
    writeFileSync(path, "old");
    const probe = await open(path);
    const handles = Object.getPrototypeOf(probe) as { sync(): Promise<void> };
    await probe.close();
    const { sync } = handles;
    const seen: string[] = [];
    handles.sync = function (this: typeof probe) {
      seen.push(readFileSync(path, "utf8"));
      return sync.call(this);
    };
    try {
      await writeFileAtomically(path, "new");
    } finally {
      handles.sync = sync;
    }
    expect(seen).toEqual(["old", "new"]);
  });

  it("leaves no temporary file when the renaming fails", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "taken"));
    await expect(writeFileAtomically(join(folder, "taken"), "new")).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(["taken"]);
  });

  it("fails where there is no folder", async () => {
    const path = join(temporaryFolder(), "none", "file");
    await expect(writeFileAtomically(path, "new")).rejects.toThrow(/ENOENT/);
  });
});

describe("writeFolderAtomically", () => {
  const files = new Map<string, Uint8Array | string>([
    ["numbers", new Uint8Array([1, 2, 3])],
    ["text", "all of it"],
  ]);

  it("makes a folder of all files and leaves nothing else", async () => {
    const folder = temporaryFolder();
    await writeFolderAtomically(join(folder, "new"), files);
    expect(readdirSync(folder)).toEqual(["new"]);
    expect(readdirSync(join(folder, "new"))).toEqual(["numbers", "text"]);
    expect([...readFileSync(join(folder, "new", "numbers"))]).toEqual([1, 2, 3]);
    expect(readFileSync(join(folder, "new", "text"), "utf8")).toBe("all of it");
  });

  it("takes the place of an empty folder, and of one that a link leads to", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "empty"));
    symlinkSync("empty", join(folder, "link"));
    await writeFolderAtomically(join(folder, "link"), files);
    expect(readdirSync(join(folder, "empty"))).toEqual(["numbers", "text"]);
    expect(readdirSync(folder)).toEqual(["empty", "link"]);
  });

  it("leaves a folder with files in it alone", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "full");
    mkdirSync(path);
    writeFileSync(join(path, "file"), "old");
    await expect(writeFolderAtomically(path, files)).rejects.toMatchObject({ path });
    expect(readdirSync(folder)).toEqual(["full"]);
    expect(readdirSync(path)).toEqual(["file"]);
  });

  it("leaves nothing when one of the files cannot be written", async () => {
    const folder = temporaryFolder();
    const broken = new Map([...files, ["no/such", "place"] as const]);
    const path = join(folder, "new");
    await expect(writeFolderAtomically(path, broken)).rejects.toMatchObject({ path });
    expect(readdirSync(folder)).toEqual([]);
  });
});
