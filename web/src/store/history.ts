// What lies back: pages by a cursor, the newest first. A page is fetched when it is asked for.
import { type InfiniteData, type UseInfiniteQueryResult, useInfiniteQuery } from "@tanstack/react-query";
import { body, http } from "../api/client";
import type { AccountFill, AccountOrder, AccountStep, Decision } from "../api/types";

export const PAGE = 50;

/** The pages so far; `cursor` is where the next one begins, undefined for the first. */
type Pages<T> = UseInfiniteQueryResult<InfiniteData<readonly T[]>>;

/** Where the page after this one begins; a short page is the last. */
export function nextCursor<T>(page: readonly T[], cursor: (row: T) => number, size = PAGE): number | undefined {
  const last = page.at(-1);
  return last === undefined || page.length < size ? undefined : cursor(last);
}

function usePages<T>(
  key: readonly string[],
  ask: (before: number | undefined) => Promise<readonly T[]>,
  cursor: (row: T) => number,
): Pages<T> {
  return useInfiniteQuery({
    queryKey: ["history", ...key],
    queryFn: ({ pageParam }) => ask(pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last: readonly T[]) => nextCursor(last, cursor),
    staleTime: 0,
  });
}

/** Parameters that are there; the first page has no cursor. */
function from(name: "before_id" | "before_seq", before: number | undefined): Record<string, number> {
  return before === undefined ? { limit: PAGE } : { limit: PAGE, [name]: before };
}

export function useOrderPages(account: string): Pages<AccountOrder> {
  return usePages(
    ["orders", account],
    async (before) => (await body(http.GET("/api/v1/orders", { params: { query: { account, ...from("before_id", before) } } }))).orders,
    ({ id }) => id,
  );
}

export function useFillPages(account: string): Pages<AccountFill> {
  return usePages(
    ["fills", account],
    async (before) => (await body(http.GET("/api/v1/fills", { params: { query: { account, ...from("before_id", before) } } }))).fills,
    ({ id }) => id,
  );
}

export function useDecisionPages(account: string): Pages<Decision> {
  return usePages(
    ["decisions", account],
    async (before) =>
      (await body(http.GET("/api/v1/risk/decisions", { params: { query: { account, ...from("before_seq", before) } } }))).decisions,
    ({ seq }) => seq,
  );
}

/** Lines of an account's journal; `what` is a kind of line, as "limits". */
export function useJournalPages(account: string, what = ""): Pages<AccountStep> {
  return usePages(
    ["journal", account, what],
    async (before) => {
      const params = { path: { account }, query: { what, ...from("before_seq", before) } };
      return (await body(http.GET("/api/v1/accounts/{account}/journal", { params }))).steps;
    },
    ({ seq }) => seq,
  );
}
