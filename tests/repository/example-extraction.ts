import { readFileSync } from "node:fs";

/** A piece of documentation that runs. */
export interface Example {
  readonly file: string;
  /** The line of the file that its code begins at, from 1. */
  readonly line: number;
  readonly code: string;
}

/** The `@example` blocks of the docstrings of a TypeScript file. */
export function docstringExamples(file: string): Example[] {
  const source = readFileSync(file, "utf8");
  const examples: Example[] = [];
  for (const comment of source.matchAll(/\/\*\*.*?\*\//gs)) {
    const firstLine = lineAt(source, comment.index);
    const lines = comment[0].slice(3, -2).split("\n");
    const starts = lines.flatMap((line, i) => (/^\s*\*? ?@example\b/.test(line) ? [i] : []));
    for (const start of starts) {
      const rest = lines.slice(start + 1);
      const end = rest.findIndex((line) => /^\s*\* ?@\w/.test(line));
      const body = (end < 0 ? rest : rest.slice(0, end)).map((line) =>
        line.replace(/^\s*\* ?/, ""),
      );
      const code = body.filter((line) => !line.startsWith("```")).join("\n");
      examples.push({ file, line: firstLine + start + 1, code: code.trimEnd() });
    }
  }
  return examples;
}

/** The TypeScript code blocks of a Markdown file. */
export function markdownExamples(file: string): Example[] {
  const source = readFileSync(file, "utf8");
  return [...source.matchAll(/^```(?:ts|typescript)\n(.*?)^```$/gms)].map((block) => ({
    file,
    line: lineAt(source, block.index) + 1,
    code: block[1]!,
  }));
}

/** The names that a TypeScript file exports as values. */
export function exportedNames(file: string): string[] {
  const source = readFileSync(file, "utf8");
  const exports = source.matchAll(
    /^export (?:async |abstract )*(?:class|const|function\*?) (\w+)/gm,
  );
  return [...exports].map((found) => found[1]!);
}

/**
 * The example as a module that checks itself. `statement; // → value` becomes a call that holds the
 * statement's value against the one written; `statement; // → throws ShapeError` one that expects
 * that error. What an example uses and does not import comes from `sources`: names by module, the
 * first module that has a name gives it.
 */
export function toModule(
  { file, line: firstLine, code }: Example,
  sources: ReadonlyMap<string, readonly string[]>,
): string {
  const lines = code.split("\n");
  lines.forEach((line, end) => {
    const claim = /^(.*?);?\s*\/\/ → (.+)$/.exec(line);
    if (claim === null) return;
    let start = end;
    const text = () => [...lines.slice(start, end), claim[1]].join("\n");
    while (start > 0 && (isInside(text()) || continues(lines[start - 1]!))) start--;
    const statement = text();
    lines.fill("", start, end);
    lines[end] = checked(statement, claim[2]!.trim(), `${file}:${firstLine + end}`);
  });
  return `${/\bfrom "heed(?:\/\w+)?"/.test(code) ? "" : imports(code, sources)}${lines.join("\n")}\nexport {};\n`;
}

/** On one line, so that the lines of the module are those of the example. */
function imports(code: string, sources: ReadonlyMap<string, readonly string[]>): string {
  const taken = new Set<string>();
  const statements = [...sources].map(([module, names]) => {
    const used = names.filter((name) => !taken.has(name) && uses(code, name));
    for (const name of used) taken.add(name);
    return used.length === 0 ? "" : `import { ${used.join(", ")} } from "${module}"; `;
  });
  return statements.join("");
}

function checked(statement: string, expected: string, place: string): string {
  const [text, where] = [JSON.stringify(expected), JSON.stringify(place)];
  if (expected.startsWith("throws ")) {
    return `await checkThrows(async () => { ${statement}; }, ${text}, ${where});`;
  }
  const declared = /^\s*(?:const|let)\s+([\w$]+)[^=]*=/.exec(statement);
  if (declared) return `${statement}; checkValue(${declared[1]}, ${text}, ${where});`;
  return `checkValue(${statement}, ${text}, ${where});`;
}

/** Whether the text closes a bracket that was opened before it. */
function isInside(text: string): boolean {
  const bare = text.replace(/(["'`])(?:\\.|(?!\1)[^\\])*\1|\/\/.*$/gm, "");
  return bare.split(/[([{]/).length < bare.split(/[)\]}]/).length;
}

/** Whether the statement of the next line begins on this line or before it. */
function continues(line: string): boolean {
  const code = line.replace(/\/\/.*$/, "").trim();
  return code !== "" && !/[;{}]$/.test(code);
}

/** Whether the code names something that it does not declare itself. */
export function uses(code: string, name: string): boolean {
  const declares = new RegExp(
    `\\b(?:const|let|class|function)\\s+(?:${name}|[{[][^=]*\\b${name})\\b`,
  );
  return new RegExp(`\\b${name}\\b`).test(code) && !declares.test(code);
}

function lineAt(source: string, index: number): number {
  return source.slice(0, index).split("\n").length;
}
