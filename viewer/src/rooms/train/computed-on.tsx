/** What is computed on, and a link to the other. Workers compute where they began, so that the page begins anew. */
export function ComputedOn({ device }: { readonly device: string }) {
  const other = device.startsWith("WebGPU") ? "processor" : "gpu";
  return (
    <>
      {device}
      {navigator.gpu && (
        <a class="other" href={`?compute=${other}${location.hash}`}>
          use {other}
        </a>
      )}
    </>
  );
}
