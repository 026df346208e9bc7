import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { openStreamProgress } from "../../src/cli/stream-progress.ts";

/** What a terminal is told while 1,000 lines of 10,000 bytes are answered in each of four seconds. */
function drawn({
  columns = 80,
  answers = {} as { isTTY?: boolean },
  size = null as number | null,
  environment = {},
}): string[] {
  let clock = 5000;
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns });
  const progress = openStreamProgress(terminal, answers, size, environment, () => clock);
  for (let tenth = 0; tenth < 40; tenth++) {
    clock += 100;
    progress.advance(100, 1000);
  }
  progress.clear();
  progress.end();
  return String(terminal.read() ?? "").split("\r\u001b[K");
}

describe("progress of a stream", () => {
  it("counts lines and says how fast they go, five times a second", () => {
    const [before, ...lines] = drawn({});
    expect(before).toBe("");
    expect(lines).toHaveLength(22);
    expect(lines[0]).toBe("200 lines, 1,000 a second");
    expect(lines[19]).toBe("4,000 lines, 1,000 a second");
    expect(lines.slice(20)).toEqual(["", "4,000 lines, 1,000 a second, 4 s\n"]);
  });

  it("says how much of a file is left", () => {
    const lines = drawn({ size: 40_000 });
    expect(lines[5]).toBe("1,000 lines, 1,000 a second, 25 %, 3 s left");
    expect(lines[20]).toBe("4,000 lines, 1,000 a second, 100 %, 0 s left");
  });

  it("goes on to 100 % and no further where the file has grown", () => {
    expect(drawn({ size: 20_000 })[20]).toMatch(/, 100 %, 0 s left$/);
  });

  it("fits into the terminal", () => {
    for (const line of drawn({ columns: 20, size: 40_000 })) {
      expect(line.trimEnd().length).toBeLessThan(20);
    }
  });

  it("says nothing where answers go to a terminal, or a line cannot be drawn over", () => {
    expect(drawn({ answers: { isTTY: true } })).toEqual([""]);
    expect(drawn({ environment: { TERM: "dumb" } })).toEqual([""]);
  });
});
