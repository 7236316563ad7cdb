// Loading, empty and failed states, written for the person in front of them.
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { type Problem, asProblem } from "../../api/problem";
import { Button, Skeleton } from "./basic";
import css from "./parts.module.css";

interface NoticeProps {
  title: string;
  children?: ReactNode;
  tone?: "plain" | "warn" | "bad";
  action?: ReactNode;
}

export function Notice({ title, children, tone = "plain", action }: NoticeProps): ReactNode {
  return (
    <div className={css["notice"]} data-tone={tone} role={tone === "bad" ? "alert" : undefined}>
      <strong>{title}</strong>
      {children}
      {action}
    </div>
  );
}

interface FailureProps {
  error: unknown;
  /** What could not be done: "load the datasets". */
  doing: string;
  /** The context that answers this, for the advice where it is not running. */
  context: string;
  retry?: () => void;
}

function title(problem: Problem, doing: string, context: string): string {
  if (problem.status === 503) return `The ${context} context is not running`;
  if (problem.status === 0) return "No connection to the FKS server";
  if (problem.status === 504) return `The ${context} context did not answer in time`;
  return `Could not ${doing}`;
}

export function Failure({ error, doing, context, retry }: FailureProps): ReactNode {
  const problem = asProblem(error);
  return (
    <Notice
      tone={problem.passing ? "warn" : "bad"}
      title={title(problem, doing, context)}
      action={retry && <Button small onClick={retry}>Try again</Button>}
    >
      {problem.status === 503 && (
        <p>
          Start it with <code>fks serve --only {context}</code>, or all of them with <code>fks serve</code>.
          This page goes on by itself.
        </p>
      )}
      <p>{problem.detail}</p>
      {problem.errors.map((line) => (
        <p key={line}>{line}</p>
      ))}
      <p className={css["noticeMeta"]}>
        {problem.code}
        {problem.correlationId && ` · ${problem.correlationId}`}
      </p>
    </Notice>
  );
}

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  doing: string;
  context: string;
  /** The height to reserve while loading, in pixels, so that nothing jumps. */
  height: number;
  children: (data: T) => ReactNode;
}

/** Show what a query brought, or how it stands. Old data stays while new is fetched. */
export function Loaded<T>({ query, doing, context, height, children }: LoadedProps<T>): ReactNode {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) {
    return <Failure error={query.error} doing={doing} context={context} retry={() => void query.refetch()} />;
  }
  return (
    <div aria-busy="true">
      <Skeleton height={height} />
    </div>
  );
}
