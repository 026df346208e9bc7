/** Stands for `vitest`, which is for Node, by the parts that it is made of, which are not. */
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  customMatchers,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from "@vitest/expect";

export { afterAll, afterEach, beforeAll, beforeEach, describe, it, test } from "@vitest/runner";

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

interface Extensible {
  extend(expect: unknown, matchers: object): void;
}

/** As vitest makes its own. */
function makeExpect(): unknown {
  const made = (value: unknown, message?: string): unknown => chai.expect(value, message);
  const matchers = Reflect.get(globalThis, ASYMMETRIC_MATCHERS_OBJECT) as object;
  const whole = Object.assign(made, chai.expect, matchers);
  setState({ assertionCalls: 0 }, whole as never);
  Object.defineProperty(globalThis, GLOBAL_EXPECT, { value: whole });
  // JestExtend adds this, which no type says.
  const extensible = chai.expect as unknown as Extensible;
  extensible.extend(whole, customMatchers);
  return whole;
}

export const expect = makeExpect();
