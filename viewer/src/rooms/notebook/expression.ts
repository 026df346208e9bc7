import { formatNumber } from "./numbers.ts";

/** A cell of an array, by the array's name. */
export interface Cell {
  readonly array: string;
  readonly index: readonly number[];
}

/** How a number came to be: what of other cells was added, multiplied, divided. */
export type Expression =
  | { readonly kind: "cell"; readonly cell: Cell }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "sum" | "product" | "max"; readonly of: readonly Expression[] }
  | { readonly kind: "difference" | "quotient"; readonly of: readonly [Expression, Expression] }
  | { readonly kind: "exp"; readonly of: readonly [Expression] };

/** What gives the number in a cell. */
export type Values = (cell: Cell) => number;

export function cell(array: string, ...index: number[]): Expression {
  return { kind: "cell", cell: { array, index } };
}

export function constant(value: number): Expression {
  return { kind: "number", value };
}

/** Σ of what `term` gives for 0 … count − 1. */
export function sumOver(count: number, term: (i: number) => Expression): Expression {
  return { kind: "sum", of: Array.from({ length: count }, (_, i) => term(i)) };
}

export function maxOver(count: number, term: (i: number) => Expression): Expression {
  return { kind: "max", of: Array.from({ length: count }, (_, i) => term(i)) };
}

export function plus(...of: Expression[]): Expression {
  return { kind: "sum", of };
}

export function times(...of: Expression[]): Expression {
  return { kind: "product", of };
}

export function minus(left: Expression, right: Expression): Expression {
  return { kind: "difference", of: [left, right] };
}

export function over(top: Expression, bottom: Expression): Expression {
  return { kind: "quotient", of: [top, bottom] };
}

export function exp(of: Expression): Expression {
  return { kind: "exp", of: [of] };
}

/** The number that an expression comes to. */
export function evaluate(expression: Expression, values: Values): number {
  if (expression.kind === "cell") return values(expression.cell);
  if (expression.kind === "number") return expression.value;
  const numbers = expression.of.map((each) => evaluate(each, values));
  const [first = Number.NaN, second = Number.NaN] = numbers;
  switch (expression.kind) {
    case "sum":
      return numbers.reduce((total, each) => total + each, 0);
    case "product":
      return numbers.reduce((total, each) => total * each, 1);
    case "max":
      return Math.max(...numbers);
    case "difference":
      return first - second;
    case "quotient":
      return first / second;
    case "exp":
      return Math.exp(first);
  }
}

/** The cells that an expression reads, each once. */
export function cellsOf(expression: Expression): readonly Cell[] {
  const found = new Map<string, Cell>();
  const visit = (each: Expression): void => {
    if (each.kind === "cell") found.set(cellName(each.cell), each.cell);
    else if (each.kind !== "number") each.of.map(visit);
  };
  visit(expression);
  return [...found.values()];
}

/** A cell as the text writes it: `hs[0,2]`, and `max` where there is but one. */
export function cellName({ array, index }: Cell): string {
  return index.length === 0 ? array : `${array}[${index.join(",")}]`;
}

/** An expression by the names of its cells: `a[0]·hs[0,2] + a[1]·hs[1,2]`. */
export function inNames(expression: Expression): string {
  return written(expression, cellName);
}

/** An expression by the numbers in its cells: `0.80·0.312 + 0.10·(−1.20)`. */
export function inNumbers(expression: Expression, values: Values): string {
  return written(expression, (each) => formatNumber(values(each)));
}

function written(expression: Expression, name: (cell: Cell) => string): string {
  if (expression.kind === "cell") return name(expression.cell);
  if (expression.kind === "number") return formatConstant(expression.value);
  const parts = expression.of.map((each) => ({ kind: each.kind, text: written(each, name) }));
  switch (expression.kind) {
    case "sum":
      return parts.map(({ text }, i) => (i > 0 ? inParentheses(text, false) : text)).join(" + ");
    case "difference":
      return parts
        .map(({ kind, text }, i) => {
          return i > 0 ? inParentheses(text, kind === "sum" || kind === "difference") : text;
        })
        .join(" − ");
    case "product":
      return parts.map(({ kind, text }) => inParentheses(text, isLoose(kind))).join("·");
    case "quotient":
      return parts.map(({ kind, text }) => inParentheses(text, isLoose(kind))).join(" / ");
    case "max":
      return `max(${parts.map(({ text }) => text).join(", ")})`;
    case "exp":
      return `exp(${parts.map(({ text }) => text).join("")})`;
  }
}

function formatConstant(value: number): string {
  return Number.isInteger(value) ? String(value).replace("-", "−") : formatNumber(value);
}

/** What a product takes whole only in parentheses. */
function isLoose(kind: Expression["kind"]): boolean {
  return kind === "sum" || kind === "difference" || kind === "quotient";
}

function inParentheses(text: string, always: boolean): string {
  return always || text.startsWith("−") ? `(${text})` : text;
}
