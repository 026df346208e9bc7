/**
 * An argument of a kernel with other things for its storages: it is one, or an object that has some, or none.
 *
 * @param replace gives what stands for a storage, and undefined for any other object
 */
export function replaced(argument: unknown, replace: (object: object) => unknown): unknown {
  if (typeof argument !== "object" || argument === null) return argument;
  const other = replace(argument);
  if (other !== undefined) return other;
  const entries = Object.entries(argument).map(([name, each]) => [name, replaced(each, replace)]);
  return Object.fromEntries(entries);
}
