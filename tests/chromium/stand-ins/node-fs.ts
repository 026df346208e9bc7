/** Stands for `node:fs`: the files that the page was told of, by their paths in its address. */
const files = new Map<string, string>();

/** The files from now on. */
export function provideFiles(contents: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(contents)) files.set(path, text);
}

export function existsSync(path: string): boolean {
  return files.has(path) || readdirSync(path).length > 0;
}

export function readdirSync(path: string): string[] {
  const folder = `${path.replace(/\/$/, "")}/`;
  const within = [...files.keys()].filter((name) => name.startsWith(folder));
  return [...new Set(within.map((name) => name.slice(folder.length).split("/")[0]!))];
}

export function readFileSync(path: string | URL): string {
  const text = files.get(path instanceof URL ? path.pathname : path);
  if (text === undefined) throw new Error(`the page was not told of ${path}`);
  return text;
}
