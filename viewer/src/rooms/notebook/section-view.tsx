import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import type { Chapter } from "./chapter.ts";
import { Code } from "./code.tsx";
import { FIRST_CHAPTERS } from "./first-chapters.tsx";
import type { Inputs } from "./inputs.ts";
import { LAYER_CHAPTERS } from "./layer-chapters.tsx";
import { type SetNumber, StageView } from "./stage-view.tsx";
import { stagesOf } from "./stages.ts";
import { SECTIONS, type SectionName } from "./state.ts";

const CHAPTERS: Readonly<Record<SectionName, Chapter>> = { ...FIRST_CHAPTERS, ...LAYER_CHAPTERS };

/** The title of a section with its number. */
export function titleOf(section: SectionName): string {
  return `${SECTIONS.indexOf(section) + 1}. ${CHAPTERS[section].title}`;
}

/** The id of a section's element. */
export function sectionId(section: SectionName): string {
  return `notebook-${section}`;
}

interface SectionProps {
  readonly section: SectionName;
  readonly inputs: Inputs;
  readonly n: number;
  readonly shift: number;
  readonly onSet: SetNumber;
  /** What else can be set in it, above its pictures. */
  readonly controls: ComponentChildren;
}

/** A section: what it is about, its formulas, and its pictures. */
export function SectionView({ section, inputs, n, shift, onSet, controls }: SectionProps) {
  const { text, formulas, shapes, code } = CHAPTERS[section];
  const stages = useMemo(() => stagesOf(section, inputs, shift), [section, inputs, shift]);
  const id = sectionId(section);
  const heading = `${id}-title`;
  return (
    <section class="chapter" id={id} aria-labelledby={heading}>
      <h2 id={heading} tabIndex={-1}>
        {titleOf(section)}
      </h2>
      <div class="prose">{text}</div>
      <div class="facts">
        <ul class="formulas" aria-label="Formulas">
          {formulas.map((formula, i) => (
            <li key={i}>{formula}</li>
          ))}
        </ul>
        <ul class="shapes quiet small mono" aria-label="Shapes">
          {shapes.map((each) => (
            <li key={each}>{each}</li>
          ))}
        </ul>
      </div>
      {controls}
      <div class={stages.length > 1 ? "stages" : ""}>
        {stages.map((stage) => (
          <StageView
            key={stage.title}
            {...{ stage, onSet }}
            n={section === "batch" ? null : n}
            isTitled={stages.length > 1}
          />
        ))}
      </div>
      <Code title={CHAPTERS[section].title} {...code} />
    </section>
  );
}
