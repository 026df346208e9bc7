import type { Storage } from "../../src/core/storage.ts";
import { ReferenceDevice } from "../../src/devices/reference/reference-device.ts";
import type { Floats } from "../../src/kernels/arrays.ts";
import type { Device } from "../../src/kernels/device.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { withFamily } from "./with-family.ts";

type ArrayKernels = Kernels<Floats, Int32Array>;

/** The reference device with one op replaced, to see whether the tests notice. */
export function deviceWith<Op extends keyof ArrayKernels>(op: Op, wrong: ArrayKernels[Op]): Device {
  const reference = withFamily(new ReferenceDevice());
  const onArrays = wrong as (...arguments_: unknown[]) => void;
  const onStorages = (...arguments_: unknown[]) => onArrays(...arguments_.map(arraysIn));
  return {
    name: `reference with a wrong ${op}`,
    description: "for tests of the tests",
    dtypes: reference.dtypes,
    hostVisible: true,
    kernels: { ...reference.kernels, [op]: onStorages },
    allocate: (dtype, length) => reference.allocate(dtype, length),
  };
}

/** An argument with the array behind every storage, those of an object of storages too. */
function arraysIn(argument: unknown): unknown {
  if (isStorage(argument)) return argument.view();
  if (typeof argument !== "object" || argument === null) return argument;
  return Object.fromEntries(Object.entries(argument).map(([name, a]) => [name, arraysIn(a)]));
}

function isStorage(value: unknown): value is Storage {
  return typeof value === "object" && value !== null && "view" in value;
}
