import { DeviceError } from "../core/errors.ts";
import type { Storage } from "../core/storage.ts";
import {
  type AttentionInputs,
  type AttentionPlan,
  PLAIN_PLAN,
} from "../kernels/attend/contract.ts";
import { type CoreKernels, FAMILY_OPS } from "../kernels/family.ts";
import type { Kernels } from "../kernels/kernels.ts";

type Inputs = AttentionInputs<Storage, Storage>;

/** What a plan may say without being of another rule: sizes, and what means something beside a rule alone. */
const FREE: readonly (keyof AttentionPlan)[] = [
  "batch",
  "queries",
  "steps",
  "capacity",
  "size",
  "valueSize",
  "sideBySide",
  "shift",
  "toEnd",
  "maskAxes",
  "biasAxes",
  "seed",
  "stream",
];

/** Of what follows the plan of an op that the core has in part, what a rule gives or takes: null without. */
const RULED = {
  attendForward: [2, 3], // weights, logSumExp
  attendBackward: [2, 4, 9], // weights, dWeights, dVectors
} as const;

/**
 * The kernels of a device that has the core's alone: the others refuse, and so do those that the core has in
 * part when a call needs the rest. Extending the device replaces them.
 */
export function coreAlone(
  device: string,
  core: CoreKernels<Storage, Storage>,
): Kernels<Storage, Storage> {
  const refuse = (what: string): never => {
    throw new DeviceError({
      where: `${device} device`,
      expected: "the kernels of the family of attention",
      received: `${what} on a device that has not loaded them`,
      fix: "use a layer of heed's that needs this op: such layers load them",
    });
  };
  const rules = (Object.keys(PLAIN_PLAN) as (keyof AttentionPlan)[]).filter(
    (name) => !FREE.includes(name),
  );
  const isPlain = ({ vector, mask, bias, slopes }: Inputs, plan: AttentionPlan): boolean =>
    rules.every((rule) => plan[rule] === PLAIN_PLAN[rule]) &&
    [vector, mask, bias, slopes].every((storage) => storage === null);
  const guarded = (op: keyof typeof RULED) => {
    const plain = core[op] as (inputs: Inputs, plan: AttentionPlan, ...rest: unknown[]) => void;
    return (inputs: Inputs, plan: AttentionPlan, ...rest: unknown[]): void => {
      const ruled = RULED[op].some((at) => rest[at] !== null);
      if (ruled || !isPlain(inputs, plan)) refuse(`${op} by other rules than the notebook's`);
      plain(inputs, plan, ...rest);
    };
  };
  const refusals = FAMILY_OPS.map((op) => [op, () => refuse(op)] as const);
  return {
    // Whatever they are called with.
    ...(Object.fromEntries(refusals) as unknown as Kernels<Storage, Storage>),
    ...core,
    attendForward: guarded("attendForward"),
    attendBackward: guarded("attendBackward"),
  };
}
