import { DeviceError } from "../core/errors.ts";
import type { Storage } from "../core/storage.ts";
import {
  type AttentionInputs,
  type AttentionPlan,
  PLAIN_PLAN,
} from "../kernels/attend/contract.ts";

/** What kernels may say of themselves. */
export interface PlainAlone {
  /** Of the family of attention, they know the notebook's alone: dot products without any rule. */
  readonly plainAlone?: boolean;
}

const SIZES: readonly string[] = ["batch", "queries", "steps", "capacity", "size", "valueSize"];

/**
 * Refuses what such kernels would compute without its rules.
 *
 * @param others what a rule gives or takes besides
 */
export function checkPlain(
  op: string,
  { vector, mask, bias, slopes }: AttentionInputs<Storage, Storage>,
  plan: AttentionPlan,
  ...others: readonly (Storage | null)[]
): void {
  const names = Object.keys(PLAIN_PLAN) as (keyof AttentionPlan)[];
  const plain =
    names.every((name) => SIZES.includes(name) || plan[name] === PLAIN_PLAN[name]) &&
    [vector, mask, bias, slopes, ...others].every((storage) => storage === null);
  if (!plain) refuseFamily(`${op} by other rules than the notebook's`);
}

/** Says that an op of the family was called where its kernels are not. */
export function refuseFamily(op: string): never {
  throw new DeviceError({
    where: "wasm device",
    expected: "the kernels of the family of attention",
    received: `${op} on a device that has not loaded them`,
    fix: "heed's layers load them: use one that needs this op",
  });
}
