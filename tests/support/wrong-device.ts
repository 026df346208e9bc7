import type { Storage } from "../../src/core/storage.ts";
import { ReferenceDevice } from "../../src/devices/reference/reference-device.ts";
import type { Floats } from "../../src/kernels/arrays.ts";
import type { Device } from "../../src/kernels/device.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";

type ArrayKernels = Kernels<Floats, Int32Array>;

/** The reference device with one op replaced, to see whether the tests notice. */
export function deviceWith<Op extends keyof ArrayKernels>(op: Op, wrong: ArrayKernels[Op]): Device {
  const reference = new ReferenceDevice();
  const onArrays = wrong as (...arguments_: unknown[]) => void;
  const onStorages = (...arguments_: unknown[]) =>
    onArrays(...arguments_.map((a) => (isStorage(a) ? a.view() : a)));
  return {
    name: `reference with a wrong ${op}`,
    description: "for tests of the tests",
    dtypes: reference.dtypes,
    kernels: { ...reference.kernels, [op]: onStorages },
    allocate: (dtype, length) => reference.allocate(dtype, length),
  };
}

function isStorage(value: unknown): value is Storage {
  return typeof value === "object" && value !== null && "view" in value;
}
