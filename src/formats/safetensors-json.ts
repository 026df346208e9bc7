/**
 * A JSON reader for headers from strangers. Unlike `JSON.parse` it refuses a key that occurs twice
 * in one object and nesting deeper than any header needs, and keeps objects as maps, so that no key
 * has a meaning of its own (`__proto__`).
 */

/** A JSON value, objects as maps in the order of the text. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | ReadonlyMap<string, JsonValue>;

/** Why a text was refused; the caller says whose text it was. */
export class JsonRefusal extends Error {}

const DEEPEST = 8;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const LONGEST_NUMBER = 40;

/**
 * The value of a JSON text, in time linear in its length.
 *
 * @throws JsonRefusal when it is not JSON, repeats a key, nests deeper than 8, or holds half a
 * surrogate pair
 */
export function readJson(text: string): JsonValue {
  const reader = new JsonReader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The value that starts here, inside `depth` arrays and objects. */
  value(depth: number): JsonValue {
    this.#skipSpace();
    const first = this.#text[this.#at];
    if (first === undefined) throw this.#refusal("a value");
    if (first === "{" || first === "[") {
      if (depth === DEEPEST) {
        throw new JsonRefusal(`arrays and objects nested more than ${DEEPEST} deep`);
      }
      return first === "{" ? this.#object(depth + 1) : this.#array(depth + 1);
    }
    if (first === '"') return this.#string();
    if (first === "t") return this.#word("true", true);
    if (first === "f") return this.#word("false", false);
    if (first === "n") return this.#word("null", null);
    return this.#number();
  }

  /** Refuses anything but white space from here on. */
  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#refusal("the end");
  }

  #object(depth: number): ReadonlyMap<string, JsonValue> {
    const entries = new Map<string, JsonValue>();
    this.#at += 1;
    this.#skipSpace();
    if (this.#take("}")) return entries;
    do {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') throw this.#refusal("a key in quotation marks");
      const key = this.#string();
      if (entries.has(key)) throw new JsonRefusal(`the key ${quote(key)} twice in one object`);
      this.#skipSpace();
      if (!this.#take(":")) throw this.#refusal('":"');
      entries.set(key, this.value(depth));
      this.#skipSpace();
    } while (this.#take(","));
    if (!this.#take("}")) throw this.#refusal('"," or "}"');
    return entries;
  }

  #array(depth: number): readonly JsonValue[] {
    const items: JsonValue[] = [];
    this.#at += 1;
    this.#skipSpace();
    if (this.#take("]")) return items;
    do {
      items.push(this.value(depth));
      this.#skipSpace();
    } while (this.#take(","));
    if (!this.#take("]")) throw this.#refusal('"," or "]"');
    return items;
  }

  #string(): string {
    const start = this.#at;
    let isPlain = true;
    let i = start + 1;
    for (; ; i++) {
      const code = this.#text.charCodeAt(i); // NaN behind the end
      if (code === 0x22) break;
      if (Number.isNaN(code)) throw this.#refusal("the end of a string");
      if (code === 0x5c) {
        isPlain = false;
        i += 1;
      } else if (code < 0x20) {
        this.#at = i;
        throw this.#refusal("an escaped control character");
      }
    }
    this.#at = i + 1;
    if (isPlain) return this.#text.slice(start + 1, i);
    const value = unescapeLiteral(this.#text.slice(start, i + 1));
    if (value !== null) return value;
    this.#at = start;
    throw this.#refusal("valid escapes in a string");
  }

  #number(): number {
    let end = this.#at;
    while (NUMBER_CHARACTERS.has(this.#text[end] ?? "") && end - this.#at <= LONGEST_NUMBER) end++;
    const literal = this.#text.slice(this.#at, end);
    if (literal.length > LONGEST_NUMBER || !NUMBER.test(literal)) throw this.#refusal("a value");
    this.#at = end;
    return Number(literal);
  }

  #word<Value>(word: string, value: Value): Value {
    if (!this.#text.startsWith(word, this.#at)) throw this.#refusal("a value");
    this.#at += word.length;
    return value;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    while (SPACES.has(this.#text[this.#at] ?? "")) this.#at += 1;
  }

  #refusal(expected: string): JsonRefusal {
    const rest = this.#text.slice(this.#at, this.#at + 12);
    const found = rest === "" ? "nothing" : quote(rest);
    return new JsonRefusal(`${found} at character ${this.#at} instead of ${expected}`);
  }
}

const SPACES: ReadonlySet<string> = new Set(" \t\n\r");
const NUMBER_CHARACTERS: ReadonlySet<string> = new Set("0123456789+-.eE");

/** The text of a string literal; null when it is none, or holds half a surrogate pair. */
function unescapeLiteral(literal: string): string | null {
  try {
    const value: unknown = JSON.parse(literal);
    return typeof value === "string" && value.isWellFormed() ? value : null;
  } catch {
    return null;
  }
}

/** A name from a file in quotation marks, control characters escaped, cut to a readable length. */
export function quote(name: string): string {
  return name.length <= 60 ? JSON.stringify(name) : `${JSON.stringify(name.slice(0, 60))}…`;
}
