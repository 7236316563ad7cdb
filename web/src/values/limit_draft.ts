// A change of limits that is being written: which texts differ, and what is wrong with it.
import type { LimitPreview, LimitUse } from "../api/types";

/** The limits of a draft that differ from those in force, spaces at the ends left out. */
export function changesOf(draft: Readonly<Record<string, string>>, limits: readonly LimitUse[]): Record<string, string> {
  const now = new Map(limits.map(({ name, value }) => [name, value]));
  return Object.fromEntries(
    Object.entries(draft)
      .map(([name, text]) => [name, text.trim()] as const)
      .filter(([name, text]) => text !== "" && text !== now.get(name)),
  );
}

/** Why a preview cannot be confirmed yet, "" if it can. */
export function lacks(preview: LimitPreview, reason: string): string {
  if (preview.differences.length === 0) return "nothing differs";
  return preview.needs_reason && reason.trim().length < 3 ? "at least three characters: this loosens a limit" : "";
}
