/** `name` for layer 0, `name2` for layer 1, and so on, as the first layers of heed's models were called. */
export function layerName(name: string, layer: number): string {
  return layer === 0 ? name : `${name}${layer + 1}`;
}
