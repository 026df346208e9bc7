import { useEffect, useState } from "preact/hooks";
import { reader } from "../engine/reader.ts";
import type { ModelCard } from "../engine/reader.worker.ts";
import { wantedCompute } from "./compute.ts";

/** A model that can be asked, and where it came from. */
export interface ModelSource {
  /** What a link calls it: a name, or the address that it was loaded from. */
  readonly key: string;
  readonly label: string;
  readonly bytes: () => Promise<Uint8Array>;
}

/** The model that the page brings. */
export const SHIPPED: ModelSource = {
  key: "dates",
  label: "dates (comes with the page)",
  bytes: () => fetchBytes("./dates.safetensors"),
};

const cards = new Map<string, Promise<ModelCard>>();
const listeners = new Set<() => void>();
let known: readonly ModelSource[] = [SHIPPED];
let asked = false;

/** Adds a model, in the place of one of the same key. */
export function addModel(source: ModelSource): void {
  const before = cards.get(source.key);
  cards.delete(source.key);
  before?.then(({ id }) => reader().close(id)).catch(() => {});
  known = [...known.filter(({ key }) => key !== source.key), source];
  for (const listener of listeners) listener();
}

/** The models there are, and those that come. */
export function useModels(): readonly ModelSource[] {
  const [models, setModels] = useState(known);
  useEffect(() => {
    const listener = (): void => setModels(known);
    listeners.add(listener);
    listener();
    if (!asked) askServer();
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return models;
}

/** A model, ready to be asked. */
export function loadedModel(source: ModelSource): Promise<ModelCard> {
  const loaded =
    cards.get(source.key) ?? source.bytes().then((bytes) => reader().load(bytes, wantedCompute()));
  cards.set(source.key, loaded);
  // What failed may be tried again.
  loaded.catch(() => cards.delete(source.key));
  return loaded;
}

/** A model from an address that somebody typed, or that a link has. */
export function modelAt(url: string): ModelSource {
  const { pathname } = new URL(url, location.href);
  const label = decodeURIComponent(pathname.split("/").at(-1) ?? url);
  return { key: url, label, bytes: () => fetchBytes(url) };
}

/** A model from a file of the visitor's. */
export function modelOfFile(file: File): ModelSource {
  return {
    key: `file:${file.name}`,
    label: file.name,
    bytes: async () => new Uint8Array(await file.arrayBuffer()),
  };
}

/** Whether a key is the address of a model rather than a name. */
export function isAddress(key: string): boolean {
  return /^https?:\/\//.test(key);
}

/** What `heed serve` has been given; a host of static files has no such list, which is no error. */
async function askServer(): Promise<void> {
  asked = true;
  try {
    const answer = await fetch("./models.json");
    if (!answer.ok) return;
    const served: unknown = await answer.json();
    if (!Array.isArray(served)) return;
    for (const { name, url } of served as { name: string; url: string }[]) {
      addModel({ key: `served:${name}`, label: name, bytes: () => fetchBytes(`./${url}`) });
    }
  } catch {
    // The page is a folder of static files.
  }
}

async function fetchBytes(url: string): Promise<Uint8Array> {
  let answer: Response;
  try {
    answer = await fetch(url);
  } catch (cause) {
    throw new Error(
      `${url} cannot be fetched. It has to be https, and its site has to allow it (CORS); else save the file and open it here.`,
      { cause },
    );
  }
  if (!answer.ok) {
    throw new Error(
      `${url} cannot be fetched: the server says ${answer.status} ${answer.statusText}.`,
    );
  }
  return new Uint8Array(await answer.arrayBuffer());
}
