import type { Transduction } from "heed";
import { mountAttentionGrid } from "heed/plot";
import { useEffect, useRef, useState } from "preact/hooks";
import { AttentionView } from "../../shared/attention-view.tsx";

/** The maps of every head as small multiples; one of them large, once it is picked. */
export function Heads({ result }: { readonly result: Transduction }) {
  const place = useRef<HTMLDivElement>(null);
  const [picked, setPicked] = useState<number | null>(null);
  const { heads, sourceSymbols, outputSymbols } = result;
  useEffect(() => {
    if (place.current === null) return;
    const maps = heads.map(({ layer, head, attention }) => {
      return { title: titleOf(layer, head), map: { sourceSymbols, outputSymbols, attention } };
    });
    const grid = mountAttentionGrid(place.current, maps, { onPick: setPicked });
    return () => grid.destroy();
  }, [heads, sourceSymbols, outputSymbols]);
  const head = picked === null ? undefined : heads[picked];
  return (
    <section aria-label="Heads">
      <h3>Heads</h3>
      <p class="quiet small">The map above is their mean. Pick one to see it large.</p>
      <div ref={place} />
      {head !== undefined && (
        <AttentionView
          map={{ sourceSymbols, outputSymbols, attention: head.attention }}
          title={titleOf(head.layer, head.head)}
        />
      )}
    </section>
  );
}

function titleOf(layer: number, head: number): string {
  return `layer ${layer + 1}, head ${head + 1}`;
}
