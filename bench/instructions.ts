/**
 * What the innermost loops of heed's native kernels consist of, read from the disassembly: how many of
 * a loop's instructions multiply and add. Where no counter counts what a processor runs, this says
 * what it is given to run.
 *
 *     npx tsx bench/instructions.ts [avx512 | avx2]
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BENCH } from "./cache.ts";
import { formatTable, type Table } from "./tables.ts";

interface Instruction {
  readonly address: number;
  readonly name: string;
  readonly operands: string;
}

interface Loop {
  readonly function: string;
  readonly body: readonly Instruction[];
}

/** Loops with fewer fused operations than this are not what the time goes into. */
const LEAST_FUSED = 4;

function disassemble(file: string): Map<string, Instruction[]> | null {
  const args = ["--disassemble", "--no-show-raw-insn", file];
  const { status, stdout } = spawnSync("objdump", args, {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) return null;
  const functions = new Map<string, Instruction[]>();
  let current: Instruction[] = [];
  for (const line of stdout.split("\n")) {
    const head = /^[0-9a-f]+ <(.+)>:$/.exec(line);
    if (head !== null) {
      current = [];
      functions.set(head[1] ?? "", current);
      continue;
    }
    const found = /^\s*([0-9a-f]+):\s+(\S+)\s*(.*)$/.exec(line);
    if (found === null) continue;
    const [, address = "", name = "", operands = ""] = found;
    current.push({ address: Number.parseInt(address, 16), name, operands });
  }
  return functions;
}

/** Stretches from a jump's target to the jump back to it, without another such jump in between. */
function innermostLoops(name: string, instructions: readonly Instruction[]): Loop[] {
  const loops: Loop[] = [];
  let lastJump = -1;
  for (const [end, { name: jump, operands }] of instructions.entries()) {
    if (!jump.startsWith("j")) continue;
    const target = Number.parseInt(operands, 16);
    const start = instructions.findIndex(({ address }) => address === target);
    if (start < 0 || start > end) continue;
    if (start > lastJump) loops.push({ function: name, body: instructions.slice(start, end + 1) });
    lastJump = end;
  }
  return loops;
}

function describe({ function: name, body }: Loop): string[] {
  const count = (wanted: (each: Instruction) => boolean): number => body.filter(wanted).length;
  const fused = count((each) => each.name.startsWith("vfm") || each.name.startsWith("vfnm"));
  const memory = count(({ operands }) => /\(%/.test(operands));
  const moves = count((each) => /^vmov/.test(each.name) && !/\(%/.test(each.operands));
  return [
    name,
    String(fused),
    String(body.length),
    (body.length / fused).toFixed(2),
    String(memory),
    String(moves),
  ];
}

/**
 * The loops of an addon with the most fused operations, at most `most` of them; null where there is no
 * addon or no objdump.
 */
export function instructionTable(level: string, most: number): Table | null {
  const file = join(BENCH, `../build/native/heed-${level}.node`);
  const functions = disassemble(file);
  if (functions === null) return null;
  const rows = [...functions]
    .flatMap(([name, instructions]) => innermostLoops(name, instructions))
    .map(describe)
    .filter(([, fused]) => Number(fused) >= LEAST_FUSED)
    .toSorted((a, b) => Number(b[1]) - Number(a[1]));
  const head = ["function", "fused", "instructions", "per fused", "with memory", "moves"];
  return { head, rows: rows.slice(0, most) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const table = instructionTable(process.argv[2] ?? "avx512", 100);
  console.log(table === null ? "no such addon, or no objdump" : formatTable(table));
}
