import { expect, it } from "vitest";
import { gridOfSvgs } from "../../src/cli/grid-of-svgs.ts";

it("puts pictures of any sizes into rows, none upon another", () => {
  const picture = (name: string, width: number, height: number): string =>
    `<svg class="${name}" width="${width}" height="${height}"></svg>`;
  const rows = [[picture("a", 10, 30), picture("b", 20, 5)], [picture("c", 7, 7)]];
  expect(gridOfSvgs(rows).split("\n")).toEqual([
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 84" width="64" height="84">',
    '<svg x="0" y="0" class="a" width="10" height="30"></svg>',
    '<svg x="32" y="0" class="b" width="20" height="5"></svg>',
    '<svg x="0" y="42" class="c" width="7" height="7"></svg>',
    "</svg>",
    "",
  ]);
});
