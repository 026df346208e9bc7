/**
 * The colours that stand for attention weights. Lightness, the one quality that every eye and every
 * printer keeps apart, rises or falls evenly with the weight; the hue only helps.
 */

/**
 * Twelve colours of the 256-colour terminal palette for weights 0 to 1, from black through red to
 * pale yellow; their lightness rises at every step, by about as much each time.
 */
export const TERMINAL_SCALE: readonly number[] = [
  232, 17, 53, 89, 125, 160, 166, 202, 208, 214, 220, 229,
];

/** The step of a scale of `steps` colours that a weight falls on; what is not in 0…1 is clamped. */
export function scaleStep(weight: number, steps: number): number {
  return Math.round(Math.min(1, Math.max(0, weight)) * (steps - 1));
}

/** Lightness, chroma and hue in degrees, in the OKLab space (Ottosson 2020). */
interface Colour {
  readonly lightness: number;
  readonly chroma: number;
  readonly hue: number;
}

const PAGE: Record<Theme, readonly [none: Colour, all: Colour]> = {
  light: [
    { lightness: 0.965, chroma: 0.02, hue: 105 },
    { lightness: 0.3, chroma: 0.1, hue: 275 },
  ],
  dark: [
    { lightness: 0.25, chroma: 0.03, hue: 275 },
    { lightness: 0.95, chroma: 0.12, hue: 105 },
  ],
};

/** Whether dark ink stands on a light page or the other way round. */
export type Theme = "light" | "dark";

/**
 * The colour of a weight on a page, as `#rrggbb`: weight 0 fades into the page, weight 1 stands
 * farthest from it, and equal differences in weight are equal differences in OKLab lightness.
 *
 * @example
 * pageColour(0, "light"); // → "#f5f4e5"
 * pageColour(1, "light"); // → "#21265f"
 */
export function pageColour(weight: number, theme: Theme): string {
  const [none, all] = PAGE[theme];
  const mix = (from: number, to: number): number => from + (to - from) * weight;
  const chroma = mix(none.chroma, all.chroma) + 0.2 * weight * (1 - weight); // fuller half way
  const hue = (mix(none.hue, all.hue) * Math.PI) / 180;
  return hex(mix(none.lightness, all.lightness), chroma * Math.cos(hue), chroma * Math.sin(hue));
}

/** OKLab to sRGB, each channel clamped to what a screen can show. */
function hex(lightness: number, a: number, b: number): string {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const channels = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return `#${channels.map((c) => byte(c).toString(16).padStart(2, "0")).join("")}`;
}

function byte(linear: number): number {
  const c = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055));
}
