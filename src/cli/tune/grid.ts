import type { Option } from "commander";
import { UsageError } from "../errors.ts";

/** One of the combinations of a grid. */
export interface Choice {
  /** The value of each setting, in the order of the grid. */
  readonly settings: Readonly<Record<string, string>>;
  /** Words of `heed train` that set them. */
  readonly words: readonly string[];
  /** What tells it from the others, as the name of a folder. */
  readonly name: string;
}

/** More than these is not a small grid. */
const MOST_CHOICES = 256;

/**
 * Every combination of the values in a text such as `hidden=128,256 dropout=0.2,0.4`: the name of a flag of
 * `heed train` without its dashes, and values that this flag takes. A flag that takes none has `true` and
 * `false`, and one like `--no-mask` is `mask`; where there are both, `false` is the latter.
 *
 * @param flags the flags that may be tried
 * @throws UsageError that lists the right names, or says what a flag refuses of a value
 */
export function parseGrid(text: string, flags: readonly Option[]): Choice[] {
  const keys = [...new Set(flags.map(keyOf))];
  let choices: Choice[] = [{ settings: {}, words: [], name: "" }];
  const seen = new Set<string>();
  for (const part of text.trim().split(/\s+/)) {
    const [, key = "", list = ""] = /^([^=]+)=(.+)$/.exec(part) ?? [];
    if (key === "") {
      throw refusal("settings as name=value,value with spaces between", JSON.stringify(part));
    }
    const named = flags.filter((flag) => keyOf(flag) === key);
    if (named.length === 0) {
      throw refusal(`one of ${keys.join(", ")}`, JSON.stringify(key));
    }
    if (seen.has(key)) throw refusal("each setting once", `${key} twice`);
    seen.add(key);
    const values = list.split(",");
    if (new Set(values).size < values.length) {
      throw refusal(`each value of ${key} once`, JSON.stringify(list));
    }
    const ways = values.map((value) => ({ value, words: wordsOf(key, named, value) }));
    choices = choices.flatMap(({ settings, words, name }) =>
      ways.map((way) => ({
        settings: { ...settings, [key]: way.value },
        words: [...words, ...way.words],
        name: `${name === "" ? "" : `${name},`}${key}=${way.value.replaceAll(/[^\w.+-]/g, "_")}`,
      })),
    );
    if (choices.length > MOST_CHOICES) {
      throw refusal(`at most ${MOST_CHOICES} combinations`, "more");
    }
  }
  return choices;
}

/** What a grid calls a flag. */
function keyOf(flag: Option): string {
  return flag.negate ? flag.name().replace(/^no-/, "") : flag.name();
}

/** The words that set what a key names to a value, which the flag's own parser has looked at. */
function wordsOf(key: string, flags: readonly Option[], value: string): string[] {
  const yes = flags.find(({ negate }) => !negate);
  const no = flags.find(({ negate }) => negate);
  if (value === "false" && no !== undefined) return [no.long ?? ""];
  if (yes !== undefined && !yes.isBoolean()) {
    yes.parseArg?.(value, undefined);
    return [yes.long ?? "", value];
  }
  if (value !== "true" && value !== "false") {
    throw refusal(`${key} to be true or false`, JSON.stringify(value));
  }
  return value === "true" && yes !== undefined ? [yes.long ?? ""] : [];
}

function refusal(expected: string, received: string): UsageError {
  return new UsageError({ where: "--grid", expected, received });
}
