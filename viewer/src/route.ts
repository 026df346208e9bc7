/** The rooms of the page, in the order of its navigation. */
export const ROOMS = ["read", "train", "notebook"] as const;

/** One of them. */
export type Room = (typeof ROOMS)[number];

/** What a link to the page says: a room, and what is in it. */
export interface Route {
  readonly room: Room;
  readonly params: URLSearchParams;
}

/**
 * The route of a link's hash, `#/read?text=june+27`. What is not a room is the first one, so that no link is dead.
 *
 * The whole of it is behind the hash: a folder of static files answers any such link, and no server learns what
 * somebody types.
 */
export function readRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split(/\?(.*)/s);
  const room = ROOMS.find((each) => each === path) ?? ROOMS[0];
  return { room, params: new URLSearchParams(query) };
}

/** The hash of a route; parameters that are empty are left out. */
export function writeRoute(room: Room, params: Readonly<Record<string, string>>): string {
  const given = Object.entries(params).filter(([, value]) => value !== "");
  const query = new URLSearchParams(given).toString();
  return query === "" ? `#/${room}` : `#/${room}?${query}`;
}

/** Makes the address bar say where the visitor is, without a step to go back. */
export function replaceRoute(room: Room, params: Readonly<Record<string, string>>): void {
  const hash = writeRoute(room, params);
  if (hash !== location.hash) history.replaceState(history.state, "", hash);
}
