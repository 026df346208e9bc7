import type { Transduction } from "heed";
import { attentionToCsv, attentionToHtml, type MountedMap, svgToPng } from "heed/plot";
import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import { download, fileName } from "../../shared/download.ts";
import { Failure } from "../../shared/failure.tsx";

interface SaveMenuProps {
  readonly map: Transduction;
  readonly view: RefObject<MountedMap | null>;
}

/** The map as a file. */
export function SaveMenu({ map, view }: SaveMenuProps) {
  const [error, setError] = useState<unknown>(null);
  const name = fileName(`${map.source} ${map.output}`);
  const title = `${map.source} → ${map.output}`;
  const save = (write: () => Promise<void> | void) => async () => {
    try {
      await write();
      setError(null);
    } catch (failure) {
      setError(failure);
    }
  };
  const svg = (): string => view.current?.svg() ?? "";
  return (
    <fieldset class="row bare">
      <legend class="quiet small">Save the map as</legend>
      <button type="button" onClick={save(() => download(`${name}.svg`, svg(), "image/svg+xml"))}>
        SVG
      </button>
      <button
        type="button"
        onClick={save(async () => download(`${name}.png`, await svgToPng(svg(), { scale: 2 })))}
      >
        PNG
      </button>
      <button
        type="button"
        onClick={save(() => download(`${name}.html`, attentionToHtml(map, { title }), "text/html"))}
      >
        HTML
      </button>
      <button
        type="button"
        onClick={save(() => download(`${name}.csv`, attentionToCsv(map), "text/csv"))}
      >
        CSV
      </button>
      {error !== null && <Failure error={error} />}
    </fieldset>
  );
}
