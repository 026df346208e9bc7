import { describe, expect, it } from "vitest";
import { ShapeError, StateError } from "../../src/core/errors.ts";
import { Indices, Tensor } from "../../src/core/tensor.ts";
import { devicesUnderTest } from "../support/devices.ts";

// What is different on a GPU is in tests/devices/webgpu.test.ts.
const opened = devicesUnderTest.filter(({ device }) => device?.hostVisible);

describe.each(opened)("on $name", ({ device, dtype }) => {
  const memory = device!;

  function tensorOf(numbers: number[], shape: number[]): Tensor {
    const storage = memory.allocate(dtype, numbers.length);
    storage.write(numbers);
    return new Tensor(memory, storage, shape, dtype);
  }

  it("a tensor knows its shape, size, dtype and device", () => {
    const x = tensorOf([1, 2, 3, 4, 5, 6], [2, 3]);
    expect(x).toMatchObject({ shape: [2, 3], size: 6, dtype, disposed: false });
    expect(x.device).toBe(memory);
  });

  it("its shape cannot be changed, not by its maker's array either", () => {
    const shape = [2, 1];
    const x = tensorOf([1, 2], shape);
    shape[0] = 7;
    expect(x.shape).toEqual([2, 1]);
    expect(() => (x.shape as number[]).push(1)).toThrow(TypeError);
  });

  it("toArray nests the numbers, and gives a plain number for shape ()", () => {
    expect(tensorOf([1, 2, 3, 4, 5, 6], [2, 3]).toArray()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(tensorOf([7], []).toArray()).toBe(7);
    expect(tensorOf([], [0, 3]).toArray()).toEqual([]);
  });

  it("data is a view, read a copy", async () => {
    const x = tensorOf([1, 2], [2]);
    const copy = await x.read();
    x.data[0] = 5;
    expect(x.toArray()).toEqual([5, 2]);
    expect([...copy]).toEqual([1, 2]);
    copy[1] = 9;
    expect(x.toArray()).toEqual([5, 2]);
  });

  it("reshape shares the memory", () => {
    const x = tensorOf([1, 2, 3, 4, 5, 6], [2, 3]);
    const y = x.reshape([3, 2]);
    y.data[5] = 60;
    expect(x.toArray()).toEqual([
      [1, 2, 3],
      [4, 5, 60],
    ]);
  });

  it("what reshape gave lives on when the tensor is disposed, and the other way round", () => {
    const x = tensorOf([1, 2], [2]);
    const y = x.reshape([1, 2]);
    x.dispose();
    expect(y.toArray()).toEqual([[1, 2]]);
    const z = y.reshape([2, 1]);
    z.dispose();
    expect(y.toArray()).toEqual([[1, 2]]);
  });

  it("reshape refuses another number of elements, and bad sizes", () => {
    const x = tensorOf([1, 2, 3, 4, 5, 6], [2, 3]);
    expect(() => x.reshape([2, 2])).toThrow(ShapeError);
    expect(() => x.reshape([2, 2])).toThrow(
      "Tensor.reshape: expected a shape of 6 elements, as (2, 3) has, got (2, 2)",
    );
    expect(() => x.reshape([-2, -3])).toThrow("got -2 on axis 0");
  });

  it("view shares a part of the memory, and refuses what lies outside", () => {
    const x = tensorOf([1, 2, 3, 4, 5, 6], [6]);
    const y = x.view(2, [2, 2]);
    y.data[0] = 30;
    expect(y.toArray()).toEqual([
      [30, 4],
      [5, 6],
    ]);
    expect(x.data[2]).toBe(30);
    for (const offset of [3, -1, 0.5]) expect(() => x.view(offset, [4])).toThrow(ShapeError);
  });

  it("after dispose every use is a StateError that says so; twice is once", async () => {
    const x = tensorOf([1, 2], [2]);
    x.dispose();
    x.dispose();
    expect(x.disposed).toBe(true);
    expect(x.shape).toEqual([2]);
    expect(() => x.data).toThrow(StateError);
    expect(() => x.toArray()).toThrow(StateError);
    expect(() => x.reshape([2])).toThrow(StateError);
    await expect(x.read()).rejects.toThrow(StateError);
    expect(() => x.data).toThrow(
      "Tensor(2): expected one that is still held, got use after dispose(); " +
        "dispose it later, or copy what you need with read() first",
    );
  });

  it("the end of a `using` block disposes", () => {
    const x = tensorOf([1], [1]);
    x[Symbol.dispose]();
    expect(x.disposed).toBe(true);
  });

  it("indices are whole numbers with the same life", async () => {
    const storage = memory.allocate("int32", 4);
    storage.write([3, 1, 2, 0]);
    const ids = new Indices(memory, storage, [2, 2]);
    expect(ids.dtype).toBe("int32");
    expect(ids.data).toBeInstanceOf(Int32Array);
    expect(ids.toArray()).toEqual([
      [3, 1],
      [2, 0],
    ]);
    expect([...(await ids.read())]).toEqual([3, 1, 2, 0]);
    ids.dispose();
    expect(() => ids.data).toThrow("Indices(2, 2): expected one that is still held");
  });
});
