/** The side of a contender of decode-dates.ts: requests in, answers out, a line of JSON each. */
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** What is asked: files for texts and outputs, and how many texts to decode at once. */
interface Request {
  readonly texts: string;
  readonly outputs: string;
  readonly batch: number;
}

/** Decodes all texts, in their order. */
export type Decode = (texts: readonly string[], batch: number) => Promise<readonly string[]>;

/** Says who it is, then answers requests until standard input ends. */
export async function serveDecoding(name: string, decode: Decode): Promise<void> {
  answer({ name });
  for await (const line of createInterface({ input: process.stdin })) {
    const { texts, outputs, batch } = JSON.parse(line) as Request;
    try {
      const all = JSON.parse(readFileSync(texts, "utf8")) as string[];
      const start = performance.now();
      const made = await decode(all, batch);
      const seconds = (performance.now() - start) / 1000;
      writeFileSync(outputs, JSON.stringify(made));
      answer({ seconds });
    } catch (error) {
      answer({ failed: error instanceof Error ? error.message : String(error) });
    }
  }
  process.exit(0);
}

/** Batches of texts that are about equally long, and outputs where their texts were. */
export async function byLength(
  texts: readonly string[],
  batch: number,
  decode: (texts: readonly string[]) => Promise<readonly string[]>,
): Promise<string[]> {
  const order = texts.map((_, i) => i).sort((a, b) => texts[a]!.length - texts[b]!.length);
  const outputs = new Array<string>(texts.length);
  for (let start = 0; start < order.length; start += batch) {
    const places = order.slice(start, start + batch);
    const made = await decode(places.map((place) => texts[place]!));
    for (const [i, place] of places.entries()) outputs[place] = made[i] ?? "";
  }
  return outputs;
}

function answer(reply: object): void {
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
