"""The look of the tear sheet: one style for light and dark screens and for paper."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --ink: #171c24; --soft: #626c7a; --line: #e2e5ea;
  --grid: #eceef1; --main: #2459d6; --wash: 36, 89, 214; --other: #98a1ae;
  --up: #0f7b56; --up-rgb: 15, 123, 86; --down: #bf3a30; --down-rgb: 191, 58, 48;
  --warn: #7a4a00; --warn-wash: #fff3d6; --warn-line: #ecc977;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1116; --card: #161b22; --ink: #e8ebf0; --soft: #939dab; --line: #272e38;
    --grid: #20262f; --main: #79a6ff; --wash: 121, 166, 255; --other: #6f7a88;
    --up: #46c795; --up-rgb: 70, 199, 149; --down: #f2766c; --down-rgb: 242, 118, 108;
    --warn: #f0cf8a; --warn-wash: #2d2412; --warn-line: #5c4a1e;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 1160px; margin: 0 auto; padding: 28px 20px 56px; }
header { margin-bottom: 18px; }
.kind { margin: 0; color: var(--soft); font-size: 13px; }
h1 { margin: 0 0 2px; font-size: 30px; line-height: 1.2; letter-spacing: -0.015em;
  overflow-wrap: anywhere; }
.lead { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
.banner { margin: 0 0 18px; padding: 10px 16px; border: 1px solid var(--warn-line);
  border-radius: 10px; background: var(--warn-wash); color: var(--warn); }
.keys { display: grid; grid-template-columns: repeat(6, 1fr); margin: 0 0 16px;
  background: var(--card); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; }
.keys div { padding: 14px 18px; border-left: 1px solid var(--line); }
.keys div:first-child { border-left: 0; }
.keys dt { color: var(--soft); font-size: 13px; white-space: nowrap; }
.keys dd { margin: 0; font-size: 23px; line-height: 1.3; font-weight: 600;
  letter-spacing: -0.01em; white-space: nowrap; }
.up { color: var(--up); } .down { color: var(--down); }
.card { margin: 0 0 16px; padding: 18px 20px; background: var(--card);
  border: 1px solid var(--line); border-radius: 12px; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; }
.pair > * { min-width: 0; }
.head { display: flex; flex-wrap: wrap; gap: 2px 14px; align-items: baseline;
  margin: 0 0 10px; }
h2 { margin: 0; font-size: 16px; letter-spacing: -0.005em; }
.note { color: var(--soft); font-size: 13px; }
.legend { margin-left: auto; display: flex; gap: 14px; color: var(--soft); font-size: 13px; }
.legend i { display: inline-block; width: 14px; height: 3px; margin: 0 6px 3px 0;
  border-radius: 2px; background: var(--main); }
.legend i.other { background: var(--other); }
.legend i.upward { background: var(--up); height: 9px; width: 9px; margin-bottom: 0; }
.legend i.downward { background: var(--down); height: 9px; width: 9px; margin-bottom: 0; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 12px; }
.grid { stroke: var(--grid); stroke-width: 1; } .zero { stroke: var(--other); stroke-width: 1; }
.stroke { fill: none; stroke: var(--main); stroke-width: 1.6; stroke-linejoin: round; }
.stroke.other { stroke: var(--other); stroke-width: 1.2; }
.wash { fill: rgba(var(--wash), 0.10); }
.fall { fill: rgba(var(--down-rgb), 0.18); }
.stroke.down-stroke { stroke: var(--down); stroke-width: 1.2; }
.long { fill: var(--up); } .short { fill: var(--down); }
.dot { fill-opacity: 0.5; }
.mean { stroke: var(--ink); stroke-width: 1.2; stroke-dasharray: 4 3; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { color: var(--soft); font-weight: 500; font-size: 13px; text-align: right;
  padding: 5px 10px; white-space: nowrap; }
td { padding: 5px 10px; text-align: right; border-top: 1px solid var(--line);
  white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
.left { text-align: left; }
.heat { border-collapse: separate; border-spacing: 2px; table-layout: fixed; min-width: 760px; }
.heat th { padding: 3px 4px; text-align: center; }
.heat td { border: 0; border-radius: 4px; padding: 5px 4px; text-align: center;
  font-size: 13px; }
.heat .sum { font-weight: 600; }
.gain { background: rgba(var(--up-rgb), var(--a)); }
.loss { background: rgba(var(--down-rgb), var(--a)); }
.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 16px 32px; }
.figures h3, .how h3 { margin: 0 0 4px; font-size: 14px; }
.figures td { white-space: normal; padding: 4px 0; font-size: 13.5px; }
.figures td + td { white-space: nowrap; padding-left: 12px; font-weight: 500; }
.figures td:first-child { color: var(--soft); }
.how { display: grid; grid-template-columns: repeat(3, 1fr); gap: 20px 36px; }
.how dl { margin: 0; display: grid; grid-template-columns: auto 1fr; gap: 2px 14px;
  font-size: 14px; }
.how dt { color: var(--soft); } .how dd { margin: 0; overflow-wrap: anywhere; }
.how ul { margin: 0; padding-left: 18px; font-size: 14px; columns: 2; column-gap: 24px; }
.hash { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 12.5px; }
.wide { grid-column: 1 / -1; }
.empty { margin: 0; padding: 26px 0; color: var(--soft); text-align: center; }
footer { color: var(--soft); font-size: 13px; }
@media screen and (max-width: 900px) {
  .keys { grid-template-columns: repeat(3, 1fr); }
  .keys div:nth-child(4) { border-left: 0; }
  .keys div:nth-child(n + 4) { border-top: 1px solid var(--line); }
  .pair, .how { grid-template-columns: 1fr; }
  .figures { grid-template-columns: 1fr 1fr; }
}
@media screen and (max-width: 700px) {
  .broad { overflow-x: auto; } .broad svg { min-width: 700px; }
}
@media screen and (max-width: 560px) {
  .keys { grid-template-columns: 1fr 1fr; }
  .keys div { border-left: 0; border-top: 1px solid var(--line); }
  .figures { grid-template-columns: 1fr; }
}
@page { margin: 12mm; }
@media print {
  :root { color-scheme: light; --page: #ffffff; --line: #cfd4db; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10px; }
  main { max-width: none; padding: 0; }
  h1 { font-size: 20px; } h2 { font-size: 12px; }
  .card { padding: 8px 10px; margin-bottom: 8px; } .pair { gap: 8px; }
  .card, .keys, tr { break-inside: avoid; }
  .keys div { padding: 6px 8px; } .keys dt { font-size: 9px; } .keys dd { font-size: 14px; }
  table, th, .figures td, .figures h3, .how h3, .how dl, .how ul { font-size: 9px; }
  th, td, .figures td { padding: 2px 4px; }
  .heat { min-width: 0; } .heat td, .heat th, .hash, .note, .legend, footer { font-size: 8.5px; }
}
"""
