// Where the boxes of a lineage stand: what something came from is left of it.
import type { Lineage, LineageNode } from "../api/types";

export interface Box {
  id: string;
  /** Null for what a dataset was made of beside datasets: files, payloads. */
  node: LineageNode | null;
  title: string;
  lines: readonly string[];
  column: number;
  row: number;
}

export interface Graph {
  boxes: readonly Box[];
  edges: readonly { from: string; to: string }[];
  columns: number;
  rows: number;
}

const plural = (count: number, word: string): string => `${count.toLocaleString("en-US")} ${word}${count === 1 ? "" : "s"}`;

/** The origins of a dataset that are no datasets: one box a way in which it was brought in. */
function origins(node: LineageNode): Omit<Box, "column" | "row">[] {
  return node.made_by.flatMap((made, at) => {
    const lines = [
      made.sources.length > 0 ? plural(made.sources.length, "file") : "",
      made.payloads.length > 0 ? plural(made.payloads.length, "payload") : "",
    ].filter(Boolean);
    if (lines.length === 0) return [];
    const title = made.sources.length === 1 ? (made.sources[0]?.name ?? "file") : made.kind === "provider" ? "raw log" : "files";
    return [{ id: `${node.hash}/${at}`, node: null, title, lines: made.sources.length === 1 ? [] : lines }];
  });
}

function datasetBox(node: LineageNode): Omit<Box, "column" | "row"> {
  const what = node.stored ? `${plural(node.rows, "row")} ${node.timeframe && `of ${node.timeframe}`}` : "not stored any more";
  return { id: node.hash, node, title: node.name || node.hash.slice(0, 12), lines: [what.trim(), node.hash.slice(0, 12)] };
}

/** Lay a lineage out in columns; the asked dataset is in the last one. Rings cannot be. */
export function layout({ nodes }: Lineage): Graph {
  const known = new Map(nodes.map((node) => [node.hash, node]));
  const made: { box: Omit<Box, "column" | "row">; from: string[] }[] = [];
  for (const node of nodes) {
    const own = origins(node);
    const parents = [...new Set(node.made_by.flatMap(({ parents }) => parents))].filter((hash) => known.has(hash));
    made.push({ box: datasetBox(node), from: [...parents, ...own.map(({ id }) => id)] });
    for (const box of own) made.push({ box, from: [] });
  }
  const from = new Map(made.map((one) => [one.box.id, one.from]));
  const depths = new Map<string, number>();
  const depth = (id: string): number => {
    const found = depths.get(id);
    if (found !== undefined) return found;
    depths.set(id, 0); // what a broken answer would loop over
    const value = Math.max(0, ...(from.get(id) ?? []).map((one) => depth(one) + 1));
    depths.set(id, value);
    return value;
  };
  const columns = Math.max(0, ...made.map(({ box }) => depth(box.id))) + 1;
  const taken = Array.from({ length: columns }, () => 0);
  const boxes = made.map(({ box }): Box => {
    const column = depth(box.id);
    const row = taken[column] ?? 0;
    taken[column] = row + 1;
    return { ...box, column, row };
  });
  const edges = made.flatMap((one) => one.from.map((id) => ({ from: id, to: one.box.id })));
  return { boxes, edges, columns, rows: Math.max(0, ...taken) };
}
