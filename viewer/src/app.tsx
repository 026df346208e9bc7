import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { RoomProps } from "./rooms/room.ts";
import { ROOMS, type Room, type Route, readRoute, writeRoute } from "./route.ts";
import { Failure } from "./shared/failure.tsx";
import { applyTheme, storedTheme, THEMES, type Theme } from "./shared/theme.ts";

interface RoomEntry {
  readonly title: string;
  readonly about: string;
  /** Loads its code: a visitor downloads the rooms that they enter. */
  readonly load: () => Promise<ComponentType<RoomProps>>;
}

const ENTRIES: Readonly<Record<Room, RoomEntry>> = {
  read: {
    title: "Read",
    about: "Type, and see what the model looks at",
    load: async () => (await import("./rooms/read/read-room.tsx")).ReadRoom,
  },
  train: {
    title: "Train",
    about: "Train a model on your own pairs",
    load: async () => (await import("./rooms/train/train-room.tsx")).TrainRoom,
  },
  notebook: {
    title: "Notebook",
    about: "Attention, number by number",
    load: async () => (await import("./rooms/notebook/notebook-room.tsx")).NotebookRoom,
  },
};

/** The page: its head, and the room that the link names. */
export function App() {
  const [route, setRoute] = useState<Route>(() => readRoute(location.hash));
  useEffect(() => {
    const follow = (): void => setRoute(readRoute(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  const { title } = ENTRIES[route.room];
  useEffect(() => {
    document.title = `${title} – heed`;
  }, [title]);
  return (
    <>
      <button type="button" class="skip" onClick={skipToRoom}>
        Skip to the room
      </button>
      <header class="head">
        <a class="brand" href="#/read">
          heed
        </a>
        <nav aria-label="Rooms">
          {ROOMS.map((room) => (
            <a
              key={room}
              href={writeRoute(room, {})}
              title={ENTRIES[room].about}
              aria-current={room === route.room ? "page" : undefined}
            >
              {ENTRIES[room].title}
            </a>
          ))}
        </nav>
        <ThemeSwitch />
      </header>
      <main id="room" tabIndex={-1}>
        <LazyRoom key={route.room} room={route.room} params={route.params} />
      </main>
    </>
  );
}

/** By script, since the hash, by which a link would, is the route. */
function skipToRoom(): void {
  document.getElementById("room")?.focus();
}

function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>(storedTheme);
  useEffect(() => applyTheme(theme), [theme]);
  return (
    <label class="theme">
      <span>Theme</span>
      <select
        value={theme}
        onChange={({ currentTarget }) => {
          setTheme(THEMES.find((each) => each === currentTarget.value) ?? "auto");
        }}
      >
        {THEMES.map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
    </label>
  );
}

function LazyRoom({ room, params }: RoomProps & { readonly room: Room }) {
  const [loaded, setLoaded] = useState<{ Room: ComponentType<RoomProps> } | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    let here = true;
    ENTRIES[room].load().then(
      (Room) => here && setLoaded({ Room }),
      (failure) => here && setError(failure),
    );
    return () => {
      here = false;
    };
  }, [room]);
  if (error !== null) return <Failure error={error} />;
  if (loaded === null) return <p class="quiet">Loading…</p>;
  return <loaded.Room params={params} />;
}
