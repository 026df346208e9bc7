import type { Transduction } from "heed";
import { type MountedGrid, mountAttentionGrid } from "heed/plot";
import { useEffect, useRef } from "preact/hooks";

/** The maps of every head as small multiples, of which one may be large. */
export function Heads({ result }: { readonly result: Transduction }) {
  const place = useRef<HTMLDivElement>(null);
  const grid = useRef<MountedGrid | null>(null);
  useEffect(() => {
    if (place.current === null) return;
    const { heads, sourceSymbols, outputSymbols } = result;
    const maps = heads.map(({ layer, head, attention }) => {
      const title = `layer ${layer + 1}, head ${head + 1}`;
      return { title, map: { sourceSymbols, outputSymbols, attention } };
    });
    if (grid.current === null) grid.current = mountAttentionGrid(place.current, maps);
    else grid.current.update(maps);
  }, [result]);
  useEffect(() => () => grid.current?.destroy(), []);
  return (
    <section aria-label="Heads">
      <h3>Heads</h3>
      <p class="quiet small">The map above is their mean. Pick one to see it large.</p>
      <div class="scroll" ref={place} />
    </section>
  );
}
