// The shape of the code: api below store below views, one file that knows the chart library,
// nothing too long to read.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const SOURCE = join(import.meta.dirname, "../src");
const GENERATED = "api/schema.d.ts";
const LAYERS = ["api", "values", "store", "views"] as const;

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

const all = files(SOURCE).map((path) => ({ name: relative(SOURCE, path), text: readFileSync(path, "utf8") }));
const code = all.filter(({ name }) => /\.tsx?$/.test(name) && name !== GENERATED);

/** What each layer may not import: what stands above it. Types of `api` are everybody's. */
const FORBIDDEN: Record<(typeof LAYERS)[number], RegExp> = {
  api: /from "\.\.\/(store|views|values)\//,
  values: /from "\.\.\/(store|views)\//,
  store: /from "\.\.\/views\//,
  views: /from "(\.\.\/)+api\/(client|socket|resume)"/,
};

describe("the shape of the code", () => {
  it.each(code)("$name stays below 250 lines and opens with why it exists", ({ text }) => {
    expect(text.split("\n").length).toBeLessThanOrEqual(251);
    expect(text.startsWith("// ")).toBe(true);
  });
  it.each(LAYERS)("%s imports nothing from above", (layer) => {
    const breaches = code.filter(({ name, text }) => name.startsWith(`${layer}/`) && FORBIDDEN[layer].test(text));
    expect(breaches.map(({ name }) => name)).toEqual([]);
  });
  it("knows the chart library in one file", () => {
    const knowing = code.filter(({ text }) => text.includes('from "lightweight-charts"'));
    expect(knowing.map(({ name }) => name)).toEqual(["views/parts/market_chart.ts"]);
  });
  it("names colours in the tokens only", () => {
    const named = all.filter(({ name, text }) => name !== "styles/tokens.css" && name !== GENERATED && /#[0-9a-f]{6}\b/i.test(text));
    expect(named.map(({ name }) => name)).toEqual([]);
  });
  it("has no escape from the types", () => {
    const escapes = code.filter(({ text }) => /\bas any\b|: any\b|@ts-|eslint-disable/.test(text));
    expect(escapes.map(({ name }) => name)).toEqual([]);
  });
});
