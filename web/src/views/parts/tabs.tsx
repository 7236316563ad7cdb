// The parts of an area, one of them shown.
import type { ReactNode } from "react";
import { Link } from "./link";
import css from "./tabs.module.css";

export interface Tab {
  href: string;
  label: string;
  current: boolean;
  /** How many wait there; 0 shows nothing. */
  waiting?: number;
}

export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }): ReactNode {
  return (
    <nav className={css["parts"]} aria-label={label}>
      {tabs.map((tab) => (
        <Link key={tab.href} href={tab.href} aria-current={tab.current ? "page" : undefined}>
          {tab.label}
          {Boolean(tab.waiting) && <span className={css["badge"]} aria-label={`${tab.waiting} waiting`}>{tab.waiting}</span>}
        </Link>
      ))}
    </nav>
  );
}
