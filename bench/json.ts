/** JSON to be committed: numbers with the digits that mean something, lists with an entry per line. */
export function formatJson(value: object): string {
  const fields = Object.entries(value).map(([name, field]) => {
    const text = Array.isArray(field)
      ? `[${field.map((entry) => `\n  ${compact(entry)}`).join(",")}\n ]`
      : compact(field);
    return ` ${JSON.stringify(name)}: ${text}`;
  });
  return `{\n${fields.join(",\n")}\n}\n`;
}

/** Numbers that are not finite become null, as JSON has it; whole ones are counts and sizes, and stay. */
function compact(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "number" && Number.isFinite(each) && !Number.isInteger(each)
      ? Number(each.toPrecision(4))
      : each,
  );
}
