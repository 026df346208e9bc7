import { DeviceError } from "../../core/errors.ts";
import type { Device } from "../../kernels/device.ts";

/**
 * Stands in a page for native-device.ts, which only Node can use: see scripts/build-dist.ts.
 *
 * @throws DeviceError
 */
export function openNativeDevice(_options: object = {}): Device {
  throw new DeviceError({
    where: 'openDevice("native")',
    expected: "Node",
    received: "a page",
    fix: 'open "wasm" instead',
  });
}
