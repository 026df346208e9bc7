import { describe, expect, it } from "vitest";
import * as errors from "../../src/core/errors.ts";

const CLASSES = [
  errors.ShapeError,
  errors.DtypeError,
  errors.DeviceError,
  errors.StateError,
  errors.DataError,
  errors.CheckpointError,
];

describe.each(CLASSES)("%o", (ErrorClass) => {
  const facts = { where: "here", expected: "3 sizes", received: "2", fix: "add one" };

  it("derives its message from its facts", () => {
    expect(new ErrorClass(facts).message).toBe("here: expected 3 sizes, got 2; add one");
  });

  it("carries the facts, its own name and the common base", () => {
    const error = new ErrorClass(facts);
    expect(error).toMatchObject(facts);
    expect(error.name).toBe(ErrorClass.name);
    expect(error).toBeInstanceOf(errors.HeedError);
    expect(error).toBeInstanceOf(Error);
    expect(error.stack).toContain("errors.test.ts");
  });
});

describe("messages", () => {
  it("end after what came where there is no fix", () => {
    const error = new errors.DataError({ where: "a", expected: "b", received: "c" });
    expect(error.message).toBe("a: expected b, got c");
    expect(error.fix).toBeUndefined();
  });

  it("put what came first where the facts are sentences", () => {
    const error = new errors.ShapeError({
      where: "TimeAttention.forward",
      received: "hsDec has H = 64, hsEnc has H = 128",
      expected: "both need the same hidden size",
      form: "statement",
    });
    expect(error.message).toBe(
      "TimeAttention.forward: hsDec has H = 64, hsEnc has H = 128; both need the same hidden size",
    );
  });

  it("keep the cause", () => {
    const cause = new Error("disk full");
    const facts = { where: "save", expected: "room", received: "none" };
    expect(new errors.CheckpointError(facts, { cause }).cause).toBe(cause);
  });
});
