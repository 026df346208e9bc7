/** What a room is given: what the link says about it. */
export interface RoomProps {
  readonly params: URLSearchParams;
}
