// Loaded before an example runs (`node --import`): the two checks that its `// →` comments turn into.
import { inspect } from "node:util";

/** Numbers agree to the most decimals written anywhere in the expected value. */
globalThis.checkValue = (actual, expected, place) => {
  const wanted = evaluate(expected, place);
  const decimals = [...expected.matchAll(/\.(\d+)(?:e([+-]?\d+))?/g)].map(
    ([, digits, exponent]) => digits.length - Number(exponent ?? 0),
  );
  const tolerance = decimals.length === 0 ? 0 : 0.5 * 10 ** -Math.max(...decimals);
  if (!agree(actual, wanted, tolerance * (1 + 1e-9))) {
    throw new Error(`${place}: the example says ${expected}, it gave ${inspect(actual)}`);
  }
};

/** `throws Name` or `throws Name: a part of its message`. */
globalThis.checkThrows = async (run, expected, place) => {
  const [, name, part = ""] = /^throws (\w+)(?:: (.*))?$/.exec(expected) ?? [];
  try {
    await run();
  } catch (error) {
    if (error.name === name && error.message.includes(part)) return;
    throw new Error(`${place}: the example ${expected}, it threw ${error}`, { cause: error });
  }
  throw new Error(`${place}: the example ${expected}, it threw nothing`);
};

function evaluate(text, place) {
  try {
    return new Function(`return (${text});`)();
  } catch (error) {
    throw new Error(`${place}: what follows "// →" is not a JavaScript value: ${text}`, {
      cause: error,
    });
  }
}

function agree(actual, wanted, tolerance) {
  if (typeof actual === "number" && typeof wanted === "number") {
    return Object.is(actual, wanted) || Math.abs(actual - wanted) <= tolerance;
  }
  if (typeof actual !== "object" || typeof wanted !== "object" || !actual || !wanted) {
    return Object.is(actual, wanted);
  }
  if (Array.isArray(wanted)) {
    return (
      (Array.isArray(actual) || ArrayBuffer.isView(actual)) &&
      actual.length === wanted.length &&
      wanted.every((value, i) => agree(actual[i], value, tolerance))
    );
  }
  const keys = Object.keys(wanted);
  return (
    keys.length === Object.keys(actual).length &&
    keys.every((key) => agree(actual[key], wanted[key], tolerance))
  );
}
