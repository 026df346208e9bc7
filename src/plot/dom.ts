type Attributes = Readonly<Record<string, string | number>>;

const SVG = "http://www.w3.org/2000/svg";

/** An element of HTML. Text is text, so no symbol can become markup. */
export function html<Tag extends keyof HTMLElementTagNameMap>(
  page: Document,
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = page.createElement(tag);
  setAll(element, attributes);
  element.append(...children);
  return element;
}

/** An element of SVG. */
export function svg<Tag extends keyof SVGElementTagNameMap>(
  page: Document,
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): SVGElementTagNameMap[Tag] {
  const element = page.createElementNS(SVG, tag);
  setAll(element, attributes);
  element.append(...children);
  return element;
}

/** Sets several attributes at once. */
export function setAll(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}

let ids = 0;

/** A name that no other element of the page has. */
export function freshId(): string {
  ids += 1;
  return `heed-plot-${ids}`;
}
