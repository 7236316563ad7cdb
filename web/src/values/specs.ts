// Indicator specs as the address bar and the interface write them: "sma:period=20",
// "ema:period=9,source=high". The server names a column by the spec as it was given.
import type { IndicatorInfo } from "../api/types";

export interface Spec {
  kind: string;
  params: Readonly<Record<string, number>>;
  source: string;
}

export const SOURCES = ["close", "open", "high", "low"] as const;
const KIND = /^[a-z][a-z0-9_]{0,31}$/;
export const MOST_SPECS = 12;

/** Read a spec; null when it cannot be one. */
export function parseSpec(text: string): Spec | null {
  const colon = text.indexOf(":");
  const kind = colon < 0 ? text : text.slice(0, colon);
  if (!KIND.test(kind)) return null;
  const params: Record<string, number> = {};
  let source = "close";
  for (const part of (colon < 0 ? "" : text.slice(colon + 1)).split(",").filter(Boolean)) {
    const [name = "", value = ""] = part.split("=");
    if (!KIND.test(name) || value === "") return null;
    if (name === "source") {
      source = value;
      continue;
    }
    const figure = Number(value);
    if (!Number.isFinite(figure)) return null;
    params[name] = figure;
  }
  return { kind, params, source };
}

/** Write a spec; parameters in the order of `info`, the source only where it is not the close. */
export function formatSpec(spec: Spec): string {
  const parts = Object.entries(spec.params).map(([name, value]) => `${name}=${value}`);
  if (spec.source !== "close") parts.push(`source=${spec.source}`);
  return parts.length > 0 ? `${spec.kind}:${parts.join(",")}` : spec.kind;
}

/** "SMA 20", "EMA 9 high" */
export function specLabel(text: string): string {
  const spec = parseSpec(text);
  if (!spec) return text;
  const source = spec.source === "close" ? [] : [spec.source];
  return [spec.kind.toUpperCase().replaceAll("_", " "), ...Object.values(spec.params), ...source].join(" ");
}

export interface Column {
  key: string;
  output: string;
}

/** The columns a spec brings: the first by the spec's own text, others with `_<output>` behind. */
export function columnsOf(text: string, info: IndicatorInfo): Column[] {
  return info.outputs.map((output, index) => ({
    key: index === 0 ? text : `${text}_${output}`,
    output,
  }));
}

/** Keep what can be a spec, once each, and not more than the server takes. */
export function cleanSpecs(texts: readonly string[]): string[] {
  return [...new Set(texts)].filter((text) => parseSpec(text) !== null).slice(0, MOST_SPECS);
}
