// A table of what lies back: a page at a time, further back on request, never all.
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { count } from "../../values/format";
import { Button, Skeleton } from "./basic";
import { Failure, Notice } from "./notice";
import { type Column, Table } from "./table";
import css from "./table.module.css";

interface Props<T> {
  label: string;
  query: UseInfiniteQueryResult<InfiniteData<readonly T[]>>;
  columns: readonly Column<T>[];
  rowKey: (row: T) => string | number;
  /** What stands there while there is nothing. */
  empty: string;
}

export function Older<T>({ label, query, columns, rowKey, empty }: Props<T>): ReactNode {
  if (query.data === undefined) {
    if (query.isError) return <Failure error={query.error} doing={`list ${label.toLowerCase()}`} context="execution" retry={() => void query.refetch()} />;
    return <div aria-busy="true"><Skeleton height={220} /></div>;
  }
  const rows = query.data.pages.flat();
  if (rows.length === 0) return <Notice title="Nothing yet">{empty}</Notice>;
  return (
    <>
      <Table label={label} columns={columns} rows={rows} rowKey={rowKey} page={1_000} />
      {query.isFetchNextPageError && <Failure error={query.error} doing="go further back" context="execution" />}
      <nav className={css["pager"]} aria-label={`Further back in ${label}`}>
        <span role="status">{count(rows.length)} shown{query.hasNextPage ? "" : ", the first is among them"}</span>
        <Button small disabled={query.isFetching} onClick={() => void query.refetch()}>Refresh</Button>
        <Button small disabled={!query.hasNextPage || query.isFetching} onClick={() => void query.fetchNextPage()}>{query.isFetchingNextPage ? "Fetching…" : "Older"}</Button>
      </nav>
    </>
  );
}
