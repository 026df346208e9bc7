/** Whether everything is to run on a GPU too, which in software takes half an hour, rather than a share of it. */
export const RUNS_ALL: boolean = process.env["HEED_ALL_CASES"] !== undefined;

/** Up to `most` of a list, or a few less, evenly spread; all of it in full runs. */
export function shareOf<Each>(list: readonly Each[], most: number): readonly Each[] {
  const every = RUNS_ALL ? 1 : Math.ceil(list.length / most);
  return list.filter((_, i) => i % every === 0);
}
