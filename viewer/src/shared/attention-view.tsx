import type { AttentionMap } from "heed";
import { type MapSelection, type MountedMap, mountAttentionMap } from "heed/plot";
import { useEffect, useRef } from "preact/hooks";

interface AttentionViewProps {
  readonly map: AttentionMap;
  readonly title: string;
  /** The cell, row or column that is to be locked; null: none. */
  readonly selection?: MapSelection | null;
  readonly onSelect?: (selection: MapSelection | null) => void;
  /** Where rows may be set by hand. */
  readonly onEdit?: (row: number, weights: readonly number[]) => void;
  /** Given the map while it is there, for who wants to save it. */
  readonly mounted?: (map: MountedMap | null) => void;
}

/** heed's attention map as a component. */
export function AttentionView(props: AttentionViewProps) {
  const { map, title, selection } = props;
  const place = useRef<HTMLDivElement>(null);
  const mounted = useRef<MountedMap | null>(null);
  // The map is made once and keeps calling what is newest.
  const newest = useRef(props);
  newest.current = props;
  const isEditable = props.onEdit !== undefined;
  useEffect(() => {
    if (place.current === null) return;
    const view = mountAttentionMap(place.current, newest.current.map, {
      title,
      onSelect: (chosen) => newest.current.onSelect?.(chosen),
      ...(isEditable ? { onEdit: (row, weights) => newest.current.onEdit?.(row, weights) } : {}),
    });
    mounted.current = view;
    newest.current.mounted?.(view);
    return () => {
      newest.current.mounted?.(null);
      mounted.current = null;
      view.destroy();
    };
  }, [isEditable, title]);
  useEffect(() => mounted.current?.update(map), [map]);
  useEffect(() => {
    if (selection !== undefined) mounted.current?.select(selection);
  }, [selection]);
  return <div class="map scroll" ref={place} />;
}
