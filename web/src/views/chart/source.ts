// What the chart shows, as the address says it: a session, a run, or a dataset.
import type { Dataset, Session } from "../../api/types";
import { setSearch } from "../../store/location";

export type Source = { kind: "session" | "run" | "dataset"; id: string };

const KINDS = ["session", "run", "dataset"] as const;

/** The source that the address names; null when it names none. */
export function sourceOf(search: URLSearchParams): Source | null {
  for (const kind of KINDS) {
    const id = search.get(kind);
    if (id) return { kind, id };
  }
  return null;
}

/** What to show when nothing was asked for: the newest session that runs, or the first dataset. */
export function fallback(
  sessions: readonly Session[] | undefined,
  datasets: readonly Dataset[] | undefined,
): Source | null {
  const session = sessions?.find(({ status }) => status === "running" || status === "paused");
  if (session) return { kind: "session", id: session.id };
  const dataset = datasets?.[0];
  return dataset ? { kind: "dataset", id: dataset.name } : null;
}

export function show(source: Source): void {
  const others = Object.fromEntries(KINDS.map((kind) => [kind, null]));
  setSearch({ ...others, [source.kind]: source.id });
}
