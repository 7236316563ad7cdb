// What a split's form sends, and what of a fold is painted: pure, so that both can be tested.
import type { Fold, SplitWish } from "../api/types";

export const KINDS = ["chronological", "walk-forward", "purged-kfold", "combinatorial"] as const;
export type Kind = (typeof KINDS)[number];

export const EMPTY = {
  kind: "chronological" as Kind,
  name: "",
  parts: "80,10,10",
  train: "",
  test: "",
  step: "",
  gap: "0",
  anchored: false,
  folds: "5",
  test_groups: "2",
  label_bars: "0",
  embargo: "0",
};
export type SplitDraft = typeof EMPTY;
export type SplitField = Exclude<keyof SplitDraft, "kind" | "name">;
type Sizes = Exclude<SplitField, "parts" | "embargo" | "anchored">;

const FOLDED: readonly SplitField[] = ["folds", "label_bars", "embargo"];

/** The options that a kind has; the server refuses those of another kind. */
export const FIELDS: Readonly<Record<Kind, readonly SplitField[]>> = {
  chronological: ["parts"],
  "walk-forward": ["train", "test", "step", "gap", "label_bars", "anchored"],
  "purged-kfold": FOLDED,
  combinatorial: ["folds", "test_groups", "label_bars", "embargo"],
};

const isSize = (field: SplitField): field is Sizes => field !== "parts" && field !== "embargo" && field !== "anchored";

/** What is no number at all, by field; what makes no sense is for the server to say. */
export function faults(draft: SplitDraft): Partial<Record<SplitField, string>> {
  const wrong = FIELDS[draft.kind].filter((field) => {
    if (!isSize(field)) return field !== "anchored" && draft[field].trim() === "";
    return !(field === "step" && draft.step.trim() === "") && !/^\s*\d{1,15}\s*$/.test(draft[field]);
  });
  return Object.fromEntries(wrong.map((field) => [field, isSize(field) ? "a whole number" : "this is needed"]));
}

/** A draft without faults as it is sent: its kind's options only. */
export function wishOf(draft: SplitDraft): SplitWish {
  const told = FIELDS[draft.kind].map((field) => [field, isSize(field) ? Number(draft[field]) : typeof draft[field] === "string" ? draft[field].trim() : draft[field]]);
  return { kind: draft.kind, name: draft.name.trim(), ...Object.fromEntries(told) };
}

const MOST_PAINTED = 400;
const KNOWN = ["train", "validation", "test"];

export interface Strip {
  part: string;
  /** Which colour: train, validation and test have theirs, others by their place. */
  look: number;
  tested: boolean;
  begin: number;
  end: number;
}

/** A fold as strips of rows; of very many ranges those that no eye could part are one. */
export function stripsOf(fold: Fold, rows: number): Strip[] {
  return fold.parts.flatMap(({ name, ranges }, at) => {
    const known = KNOWN.indexOf(name);
    const closest = ranges.length > MOST_PAINTED ? rows / 2000 : 0;
    const found: Strip[] = [];
    for (const [begin = 0, end = 0] of ranges) {
      const last = found.at(-1);
      if (last && begin - last.end < closest) last.end = end;
      else found.push({ part: name, look: known < 0 ? at % 6 : known, tested: name === "test", begin, end });
    }
    return found;
  });
}
