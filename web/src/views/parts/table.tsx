// A table that can be sorted and paged; only one page of rows is ever in the document.
import { type ReactNode, useMemo, useState } from "react";
import { count } from "../../values/format";
import { Button } from "./basic";
import css from "./table.module.css";

export interface Column<T> {
  key: string;
  title: string;
  right?: boolean;
  /** Stays in sight at the right edge while the others are scrolled: for what may be done to a row. */
  stick?: boolean;
  /** What to sort by; a column without it cannot be sorted. */
  sort?: (row: T) => number | string | null;
  cell: (row: T) => ReactNode;
}

interface Props<T> {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string | number;
  page?: number;
  /** The first order: a column's key, with "-" before it for descending. */
  order?: string;
  maxHeight?: number;
}

function compare(a: number | string | null, b: number | string | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -1 : 1;
}

export function Table<T>({ label, columns, rows, rowKey, page = 50, order = "", maxHeight }: Props<T>): ReactNode {
  const [by, setBy] = useState(order);
  const [at, setAt] = useState(0);
  const falling = by.startsWith("-");
  const key = falling ? by.slice(1) : by;
  const sorted = useMemo(() => {
    const sort = columns.find((column) => column.key === key)?.sort;
    if (!sort) return rows;
    const up = rows.toSorted((a, b) => compare(sort(a), sort(b)));
    return falling ? up.reverse() : up;
  }, [rows, columns, key, falling]);
  const pages = Math.max(1, Math.ceil(sorted.length / page));
  const current = Math.min(at, pages - 1);
  const shown = sorted.slice(current * page, (current + 1) * page);
  return (
    <>
      <div className={css["scroll"]} style={maxHeight ? { maxHeight } : undefined} tabIndex={0} role="region" aria-label={label}>
        <table className={css["table"]}>
          <thead>
            <tr>
              {columns.map((column) => (
                <Head key={column.key} column={column} by={by} onOrder={(next) => { setBy(next); setAt(0); }} />
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={rowKey(row)}>
                {columns.map((column) => (
                  <td key={column.key} className={sideOf(column)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {pages > 1 && (
        <nav className={css["pager"]} aria-label={`Pages of ${label}`}>
          <span>
            {count(current * page + 1)}–{count(current * page + shown.length)} of {count(sorted.length)}
          </span>
          <Button small disabled={current === 0} onClick={() => setAt(current - 1)}>Previous</Button>
          <Button small disabled={current >= pages - 1} onClick={() => setAt(current + 1)}>Next</Button>
        </nav>
      )}
    </>
  );
}

function sideOf<T>(column: Column<T>): string | undefined {
  return [column.right && css["right"], column.stick && css["stick"]].filter(Boolean).join(" ") || undefined;
}

interface HeadProps<T> {
  column: Column<T>;
  by: string;
  onOrder: (by: string) => void;
}

function Head<T>({ column, by, onOrder }: HeadProps<T>): ReactNode {
  const side = sideOf(column);
  if (!column.sort) {
    return (
      <th className={side} scope="col">
        <span>{column.title}</span>
      </th>
    );
  }
  const state = by === column.key ? "ascending" : by === `-${column.key}` ? "descending" : "none";
  return (
    <th className={side} scope="col" aria-sort={state}>
      <button
        type="button"
        onClick={() => onOrder(state === "descending" ? column.key : `-${column.key}`)}
      >
        {column.title}
        <span className={css["arrow"]} aria-hidden="true">
          {state === "ascending" ? "▲" : state === "descending" ? "▼" : ""}
        </span>
      </button>
    </th>
  );
}
