import { familyDevice } from "../../src/devices/family.ts";
import type { Device } from "../../src/kernels/device.ts";

/** The device, once it has the kernels of the family of attention too. */
export function withFamily<D extends Device>(device: D): D {
  familyDevice({ device });
  return device;
}
