// The chart as a component: it owns the canvas, and hands on what changes.
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import css from "./chart_view.module.css";
import type { ChartBar, Line, Look, Mark } from "./chart_types";
import { MarketChart } from "./market_chart";
import { readPalette } from "./palette";

interface Props {
  /** A change of it starts the view anew: another dataset, session or run. */
  subject: string;
  label: string;
  bars?: readonly ChartBar[];
  lines: readonly Line[];
  marks?: readonly Mark[];
  places: number;
  daily: boolean;
  shares: Readonly<Record<string, number>>;
  onHover?: (time: number | null) => void;
  onNearStart?: () => void;
  children?: ReactNode;
}

const NO_MARKS: readonly Mark[] = [];

/** The theme that is shown, as the document says it. */
function useShownTheme(): string {
  const [theme, setTheme] = useState(() => document.documentElement.dataset["theme"] ?? "dark");
  useEffect(() => {
    const observer = new MutationObserver(() => setTheme(document.documentElement.dataset["theme"] ?? "dark"));
    observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => observer.disconnect();
  }, []);
  return theme;
}

export function ChartView(props: Props): ReactNode {
  const { subject, label, bars, lines, marks = NO_MARKS, places, daily, shares, children } = props;
  const container = useRef<HTMLDivElement>(null);
  const chart = useRef<MarketChart | null>(null);
  const shown = useRef("");
  const calls = useRef(props);
  useEffect(() => {
    calls.current = props;
  });
  const theme = useShownTheme();
  const look = useMemo<Look>(
    () => ({ palette: readPalette(), places, daily, shares, theme }),
    [places, daily, shares, theme],
  );
  const lookNow = useRef(look);
  const withBars = bars !== undefined;

  useEffect(() => {
    if (!container.current) return undefined;
    const made = new MarketChart(
      container.current,
      lookNow.current,
      withBars,
      (time) => calls.current.onHover?.(time),
      () => calls.current.onNearStart?.(),
    );
    chart.current = made;
    shown.current = "";
    return () => {
      chart.current = null;
      made.destroy();
    };
  }, [withBars, subject]);

  useEffect(() => {
    if (lookNow.current === look) return;
    lookNow.current = look;
    chart.current?.setLook(look);
  }, [look, subject, withBars]);
  useEffect(() => chart.current?.setBars(bars ?? []), [bars, subject, withBars]);
  useEffect(() => chart.current?.setLines(lines), [lines, subject, withBars]);
  useEffect(() => chart.current?.setMarks(marks), [marks, look, subject, withBars]);
  const filled = withBars ? bars.length > 0 : lines.some((line) => line.points.length > 0);
  useEffect(() => {
    if (!filled || shown.current === subject) return;
    shown.current = subject;
    chart.current?.showEnd();
  }, [filled, subject, withBars]);

  return (
    <div className={css["frame"]}>
      <div ref={container} className={css["canvas"]} role="img" aria-label={label} data-testid="chart" data-bars={bars?.length} />
      {children}
    </div>
  );
}
