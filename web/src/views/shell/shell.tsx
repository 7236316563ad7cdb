// What stands around every page: the way to the others, the theme, the connection.
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useListenForAlerts, useQualityAlerts } from "../../store/alerts";
import { useDatasetNews } from "../../store/catalogue";
import { type Route, dataHref, tradeHref, useRoute } from "../../store/location";
import { feed, useLink } from "../../store/feed";
import { Button, Tag, type Tone } from "../parts/basic";
import { Link } from "../parts/link";
import { Help } from "./help";
import { KillBanner, KillButton } from "./kill";
import css from "./shell.module.css";
import { useShortcuts } from "./shortcuts";
import { ThemeSwitch } from "./theme_switch";

interface Item {
  href: string;
  label: string;
  pages: readonly Route["page"][];
  icon: ReactNode;
}

const ITEMS: readonly Item[] = [
  { href: "/", label: "Home", pages: ["home"], icon: <path d="M2.5 7.5 8 3l5.5 4.5V13h-4V9.5h-3V13h-4z" /> },
  { href: "/chart", label: "Chart", pages: ["chart"], icon: <path d="M4 2v3m0 6v3M2.5 5h3v6h-3zM12 2v2m0 6v4M10.5 4h3v6h-3z" /> },
  { href: "/backtests", label: "Backtests", pages: ["backtests", "run"], icon: <path d="M2.5 13h11M2.5 10.5 6 7l2.5 2L13.5 3.5" /> },
  { href: "/compare", label: "Compare", pages: ["compare"], icon: <path d="M2.5 11C5 11 6 5 8 5s3 6 5.5 6M2.5 7C5 7 6 10 8 10s3-6 5.5-6" /> },
  { href: dataHref("datasets"), label: "Data", pages: ["data", "dataset"], icon: <path d="M3 4.2C3 3 5.2 2.3 8 2.3s5 .7 5 1.9v7.6c0 1.2-2.2 1.9-5 1.9s-5-.7-5-1.9zM3 4.2c0 1.2 2.2 1.9 5 1.9s5-.7 5-1.9M3 8c0 1.2 2.2 1.9 5 1.9s5-.7 5-1.9" /> },
  { href: tradeHref("orders"), label: "Trade", pages: ["trade", "story"], icon: <path d="M2.5 5.5h9M9 3l2.5 2.5L9 8M13.5 10.5h-9M7 8l-2.5 2.5L7 13" /> },
];

export function Shell({ children }: { children: ReactNode }): ReactNode {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const [help, setHelp] = useState(false);
  const alerts = useQualityAlerts().length;
  useShortcuts(() => setHelp(true));
  useListenForAlerts();
  useDatasetNews();
  useFocusOnArrival(placeOf(route), main);
  return (
    <div className={css["shell"]}>
      <a className={css["skip"]} href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>
        Skip to the page
      </a>
      <header className={css["side"]}>
        <Link href="/" className={css["brand"]} aria-label="FKS, home">
          <img src="/icon.svg" width="24" height="24" alt="" />
          <span>FKS</span>
        </Link>
        <KillButton />
        <nav className={css["nav"]} aria-label="Pages">
          {ITEMS.map((item) => (
            <Link key={item.href} href={item.href} aria-current={item.pages.includes(route.page) ? "page" : undefined}>
              <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.4" aria-hidden="true">
                {item.icon}
              </svg>
              {item.label}
              {item.label === "Data" && alerts > 0 && <span className={css["badge"]} aria-label={`${alerts} alerts`}>{alerts}</span>}
            </Link>
          ))}
        </nav>
        <div className={css["foot"]}>
          <LinkTag />
          <ThemeSwitch />
          <Button small className={css["help"]} onClick={() => setHelp(true)} aria-label="Help and shortcuts">
            <span>Help</span>
            <kbd>?</kbd>
          </Button>
        </div>
      </header>
      <main id="main" ref={main} className={css["main"]} tabIndex={-1}>
        <KillBanner />
        {children}
      </main>
      <Help open={help} onClose={() => setHelp(false)} />
    </div>
  );
}

/** What counts as another page. */
function placeOf(route: Route): string {
  return route.page === "trade" ? `trade ${route.part}` : JSON.stringify(route);
}

/** Move the focus to a new page, as a browser does, but not on the first one. */
function useFocusOnArrival(path: string, main: { current: HTMLElement | null }): void {
  const last = useRef(path);
  useEffect(() => {
    if (last.current === path) return;
    last.current = path;
    main.current?.focus({ preventScroll: true });
  }, [path, main]);
}

const LINKS: Record<string, { tone: Tone; label: string }> = {
  idle: { tone: "plain", label: "not connected" },
  connecting: { tone: "plain", label: "connecting" },
  live: { tone: "good", label: "live" },
  waiting: { tone: "warn", label: "connection lost" },
};

function LinkTag(): ReactNode {
  const { link } = useLink();
  const { tone, label } = LINKS[link] ?? { tone: "plain", label: link };
  return (
    <div className={css["link"]} role="status" data-testid="link">
      <Tag tone={tone}>{label}</Tag>
      {link === "waiting" && <button type="button" onClick={() => feed.retryNow()}>retry</button>}
    </div>
  );
}
