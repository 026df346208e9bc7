import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BENCH } from "./cache.ts";

const ENVIRONMENT = join(BENCH, ".venv");
const OWN = join(ENVIRONMENT, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");

/**
 * The Python of bench/.venv, which is made with numpy and PyTorch where `install` is set; else the
 * system's.
 */
export function findPython(install: boolean): { python: string } | { reason: string } {
  if (install && !imports(OWN, "numpy, torch")) {
    const failure = makeEnvironment();
    if (failure !== null && !imports(OWN, "numpy")) return { reason: failure };
  }
  for (const python of [OWN, "python3"]) {
    if (imports(python, "numpy")) return { python };
  }
  return { reason: "no Python with numpy" };
}

function makeEnvironment(): string | null {
  console.log("making bench/.venv with numpy and PyTorch; PyTorch is large\n");
  const steps: [string, string[]][] = [
    ["python3", ["-m", "venv", ENVIRONMENT]],
    [OWN, ["-m", "pip", "install", "--quiet", "numpy"]],
    [OWN, ["-m", "pip", "install", "--quiet", "torch", "setuptools"]],
  ];
  for (const [command, args] of steps) {
    const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
    if (status === 0) continue;
    const said = error?.message ?? stderr.trim().split("\n").at(-1);
    return `${args.join(" ")} failed: ${said}`;
  }
  return null;
}

function imports(python: string, modules: string): boolean {
  if (python === OWN && !existsSync(OWN)) return false;
  return spawnSync(python, ["-c", `import ${modules}`]).status === 0;
}
