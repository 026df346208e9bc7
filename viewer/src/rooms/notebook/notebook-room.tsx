import { type Device, openDevice } from "heed";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { replaceRoute, writeRoute } from "../../route.ts";
import { Failure } from "../../shared/failure.tsx";
import type { RoomProps } from "../room.ts";
import { Editable } from "./array-picture.tsx";
import { controlsOf, Settings } from "./controls.tsx";
import { inputsOf } from "./inputs.ts";
import { SectionView, sectionId, titleOf } from "./section-view.tsx";
import type { SetNumber } from "./stage-view.tsx";
import {
  edited,
  readSection,
  readState,
  SECTIONS,
  type SectionName,
  stateParams,
} from "./state.ts";
import "./notebook.css";

/** The seed notebook as something to play with. */
export function NotebookRoom({ params }: RoomProps) {
  const [device, setDevice] = useState<Device | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    openDevice("reference").then(setDevice, setError);
  }, []);
  if (error !== null) return <Failure error={error} />;
  return device === null ? <p class="quiet">Loading…</p> : <Notebook {...{ params, device }} />;
}

function Notebook({ params, device }: RoomProps & { readonly device: Device }) {
  const [state, setState] = useState(() => readState(params));
  const [at, setAt] = useSectionInView(readSection(params));
  const { seed, N, n, shift, edits } = state;
  const inputs = useMemo(() => inputsOf(device, seed, N, edits), [device, seed, N, edits]);

  // Another link to this room, followed while being in it.
  const first = useRef(params);
  useEffect(() => {
    if (params !== first.current) setState(readState(params));
    const asked = readSection(params);
    if (asked !== null) goTo(asked);
  }, [params]);

  useEffect(() => {
    // Not at every step of a slider: browsers refuse more than a hundred such calls in half a minute.
    const timer = setTimeout(() => replaceRoute("notebook", stateParams(state, at)), 300);
    return () => clearTimeout(timer);
  }, [state, at]);

  const chapters = useMemo(() => {
    const set: SetNumber = (key, index, value) => {
      setState((before) => edited(before, key, index, value));
    };
    return SECTIONS.map((section) => (
      <SectionView
        key={section}
        {...{ section, inputs, n, shift }}
        onSet={set}
        controls={controlsOf(section, { state, inputs, onState: setState })}
      />
    ));
  }, [state, inputs, n, shift]);

  return (
    <div class="notebook">
      <aside class="side" aria-label="Contents and settings">
        <nav aria-label="Sections">
          <ol>
            {SECTIONS.map((section) => (
              <li key={section}>
                <a
                  href={writeRoute("notebook", stateParams(state, section))}
                  aria-current={section === at ? "true" : undefined}
                  onClick={(event) => {
                    event.preventDefault();
                    setAt(section);
                    goTo(section);
                  }}
                >
                  {titleOf(section)}
                </a>
              </li>
            ))}
          </ol>
        </nav>
        <Settings state={state} onState={setState} />
      </aside>
      <div>
        <Introduction />
        {chapters}
        <p class="quiet small">
          The address above holds all of this, your numbers too: copy it to share what you see.
        </p>
      </div>
    </div>
  );
}

function Introduction() {
  return (
    <>
      <h1>Attention, number by number</h1>
      <p class="prose">
        heed grew from one notebook, which writes attention out by hand: here it is, to play with.
        What goes into its layers and comes out of them is computed by heed itself, in double
        precision. Point at a number, and what made it lights up. Double-click a number of an array
        that is marked <Editable />, or press Enter on it, type another, and all that depends on it
        follows.
      </p>
      <p class="legend">
        <span class="key here">this number</span> <span class="key from">made it</span>{" "}
        <span class="key to">made with it</span> <span class="scale" aria-hidden="true" />{" "}
        <span class="quiet small">below 0, 0, above 0</span>
      </p>
    </>
  );
}

/** The section that is read, which changes as the page is scrolled. */
function useSectionInView(first: SectionName | null) {
  const [at, setAt] = useState(first);
  useEffect(() => {
    const inView = (entries: readonly IntersectionObserverEntry[]): void => {
      const { target } = entries.find(({ isIntersecting }) => isIntersecting) ?? {};
      const section = SECTIONS.find((each) => target?.id === sectionId(each));
      if (section !== undefined) setAt(section);
    };
    // A line near the top of the window: whatever crosses it is read.
    const observer = new IntersectionObserver(inView, { rootMargin: "-15% 0px -84% 0px" });
    for (const section of SECTIONS) {
      const element = document.getElementById(sectionId(section));
      if (element !== null) observer.observe(element);
    }
    return () => observer.disconnect();
  }, []);
  return [at, setAt] as const;
}

/** Shows a section, for eyes and for keys. */
function goTo(section: SectionName): void {
  const heading = document.getElementById(sectionId(section))?.querySelector("h2");
  heading?.scrollIntoView();
  heading?.focus({ preventScroll: true });
}
