/** Where the page's address says to compute, "gpu" or "processor": a GPU if there is one, unless it says so. */
export function wantedCompute(): string | null {
  return new URLSearchParams(location.search).get("compute");
}
