import { stat } from "node:fs/promises";
import type { ServedModel } from "./served-models.ts";

/** An entry of `models.json`. */
export interface ListedModel {
  readonly name: string;
  readonly url: string;
  readonly bytes: number;
}

/** What `models.json` says: those of the models that are there now. */
export async function listModels(models: readonly ServedModel[]): Promise<ListedModel[]> {
  const sizes = await Promise.all(
    models.map(({ path }) =>
      stat(path).then(
        (found) => (found.isFile() ? found.size : null),
        () => null,
      ),
    ),
  );
  return models.flatMap(({ name, url }, i) => {
    const bytes = sizes[i] ?? null;
    return bytes === null ? [] : [{ name, url, bytes }];
  });
}
