/** How much of a stream is taken at a time. */
export interface WindowRules<Item> {
  /** A run ends with the item that makes it as large as this. */
  readonly size: number;
  /** How large an item is. */
  sizeOf(item: Item): number;
}

/**
 * Items in runs, in their order. Of items that come over time, a run also ends where the next is not there
 * yet: what has arrived never waits for what has not.
 */
export async function* windows<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  rules: WindowRules<Item>,
): AsyncGenerator<Item[]> {
  if (Symbol.asyncIterator in items) yield* arriving(items, rules);
  else yield* cut(items, rules);
}

function* cut<Item>(items: Iterable<Item>, rules: WindowRules<Item>): Generator<Item[]> {
  let run: Item[] = [];
  let size = 0;
  for (const item of items) {
    run.push(item);
    size += rules.sizeOf(item);
    if (size < rules.size) continue;
    yield run;
    run = [];
    size = 0;
  }
  if (run.length > 0) yield run;
}

async function* arriving<Item>(
  items: AsyncIterable<Item>,
  rules: WindowRules<Item>,
): AsyncGenerator<Item[]> {
  const iterator = items[Symbol.asyncIterator]();
  /** An item that was asked for and was not there when its run ended. */
  let pending: Promise<IteratorResult<Item>> | null = null;
  let over = false;
  try {
    while (!over) {
      const run: Item[] = [];
      let size = 0;
      let arrived: IteratorResult<Item> = await (pending ?? iterator.next());
      pending = null;
      while (arrived.done !== true) {
        run.push(arrived.value);
        size += rules.sizeOf(arrived.value);
        if (size >= rules.size) break;
        const next = iterator.next();
        if (!(await isThere(next))) {
          pending = next;
          break;
        }
        arrived = await next;
      }
      over = arrived.done === true;
      if (run.length > 0) yield run;
    }
  } catch (error) {
    over = true; // who throws has ended
    throw error;
  } finally {
    const end = over ? undefined : iterator.return?.();
    // An iterator that is waiting for its next item ends when that is there, which may be never.
    if (pending === null) await end;
    else end?.catch(() => {});
  }
}

/** Turns of the queue of promises in which an item that is there comes through several iterators. */
const TURNS = 16;

/** Whether a promise gives a value before anything else happens. */
async function isThere(promise: Promise<unknown>): Promise<boolean> {
  let there: boolean | null = null;
  promise.then(
    () => {
      there = true;
    },
    () => {
      there = false;
    },
  );
  for (let turn = 0; turn < TURNS && there === null; turn++) await null;
  if (there === null) await new Promise((resolve) => setTimeout(resolve, 0));
  return there ?? false;
}
