/** What went wrong, in the words of whoever noticed. */
export function Failure({ error }: { readonly error: unknown }) {
  return (
    <p class="failure" role="alert">
      {error instanceof Error ? error.message : String(error)}
    </p>
  );
}
