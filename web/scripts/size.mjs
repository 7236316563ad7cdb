// Fail when the page would load more than its budget: 250 KB gzipped, all scripts and styles.
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET = 250 * 1024;
const folder = new URL("../../src/fks/contexts/web/static/assets/", import.meta.url);
const files = readdirSync(folder)
  .filter((name) => /\.(js|css)$/.test(name))
  .map((name) => ({ name, size: gzipSync(readFileSync(new URL(name, folder)), { level: 9 }).length }));
const total = files.reduce((sum, { size }) => sum + size, 0);
for (const { name, size } of files) console.log(`${(size / 1024).toFixed(1).padStart(7)} KB  ${name}`);
console.log(`${(total / 1024).toFixed(1).padStart(7)} KB  of ${BUDGET / 1024} KB`);
if (total > BUDGET || total === 0) process.exit(1);
