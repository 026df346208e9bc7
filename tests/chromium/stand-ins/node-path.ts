/** Stands for `node:path`. */
export function basename(path: string, ending = ""): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name.endsWith(ending) ? name.slice(0, name.length - ending.length) : name;
}
