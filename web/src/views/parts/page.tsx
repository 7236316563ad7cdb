// The head of a page, and the title of the browser's tab.
import { type ReactNode, useEffect } from "react";
import css from "./page.module.css";

interface Props {
  title: string;
  /** The tab's title where it says more than the page's. */
  tab?: string;
  sub?: ReactNode;
  children?: ReactNode;
}

export function PageHead({ title, tab, sub, children }: Props): ReactNode {
  useEffect(() => {
    document.title = `${tab ?? title} · FKS`;
  }, [title, tab]);
  return (
    <header className={css["head"]}>
      <h1>{title}</h1>
      {sub !== undefined && <div className={css["sub"]}>{sub}</div>}
      {children}
    </header>
  );
}
