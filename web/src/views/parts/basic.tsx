// Small pieces that every page uses.
import type { ButtonHTMLAttributes, ReactNode } from "react";
import { change, percentChange } from "../../values/format";
import css from "./parts.module.css";

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  look?: "plain" | "primary" | "danger";
  small?: boolean;
};

export function Button({ look = "plain", small = false, className = "", ...rest }: ButtonProps): ReactNode {
  const names = [css["button"], look === "plain" ? "" : css[look], small ? css["small"] : "", className];
  return <button type="button" className={names.filter(Boolean).join(" ")} {...rest} />;
}

interface CardProps {
  title?: ReactNode;
  /** What stands at the right of the title. */
  aside?: ReactNode;
  className?: string | undefined;
  children: ReactNode;
  label?: string;
}

export function Card({ title, aside, className = "", children, label }: CardProps): ReactNode {
  return (
    <section className={`${css["card"]} ${className}`} aria-label={label}>
      {title !== undefined && (
        <header className={css["cardHead"]}>
          <h2>{title}</h2>
          {aside !== undefined && <div className={css["note"]}>{aside}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

export type Tone = "good" | "bad" | "warn" | "live" | "plain";

// Each tone has a shape of its own, so that colour is never the only clue.
const SHAPES: Record<Tone, ReactNode> = {
  good: <path d="M1 4.5 3.5 7 8 1.5" fill="none" stroke="currentColor" strokeWidth="1.8" />,
  bad: <path d="M1.5 1.5l6 6m0-6-6 6" stroke="currentColor" strokeWidth="1.8" />,
  warn: <path d="M4.5.8 8.6 8H.4z" fill="currentColor" />,
  live: <path d="M1.5.8 8 4.5 1.5 8.2z" fill="currentColor" />,
  plain: <circle cx="4.5" cy="4.5" r="2.4" fill="none" stroke="currentColor" strokeWidth="1.4" />,
};

export function Tag({ tone = "plain", children }: { tone?: Tone; children: ReactNode }): ReactNode {
  return (
    <span className={css["tag"]} data-tone={tone}>
      <svg width="9" height="9" viewBox="0 0 9 9" aria-hidden="true">
        {SHAPES[tone]}
      </svg>
      {children}
    </span>
  );
}

export function Synthetic({ shown }: { shown: boolean }): ReactNode {
  return shown ? (
    <span className={`${css["tag"]} ${css["synthetic"]}`} title="Generated, not traded: no market made these prices">
      SYNTHETIC
    </span>
  ) : null;
}

const STATUS_TONES: Readonly<Record<string, Tone>> = {
  healthy: "good",
  degraded: "warn",
  unhealthy: "bad",
  running: "live",
  queued: "plain",
  paused: "warn",
  done: "good",
  finished: "good",
  failed: "bad",
  filled: "good",
  rejected: "bad",
};

export function StatusTag({ status }: { status: string }): ReactNode {
  return <Tag tone={STATUS_TONES[status] ?? "plain"}>{status}</Tag>;
}

interface ChangeProps {
  value: number | null | undefined;
  /** The value is a fraction, shown as a percentage. */
  fraction?: boolean;
  places?: number;
}

/** A figure with its sign, coloured by it. */
export function Change({ value, fraction = false, places = 2 }: ChangeProps): ReactNode {
  const text = fraction ? percentChange(value, places) : change(value, places);
  const tone = value && /[1-9]/.test(text) ? (value > 0 ? css["up"] : css["down"]) : undefined;
  return <span className={tone}>{text}</span>;
}

export function Progress({ value, label }: { value: number; label: string }): ReactNode {
  const percent = Math.round(Math.min(1, Math.max(0, value)) * 100);
  return (
    <div
      className={css["progress"]}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <span style={{ width: `${percent}%` }} />
    </div>
  );
}

export function Skeleton({ height, width }: { height: number; width?: string }): ReactNode {
  return <div className={css["skeleton"]} style={{ height, width: width ?? "100%" }} aria-hidden="true" />;
}

export function Hidden({ children }: { children: ReactNode }): ReactNode {
  return <span className={css["hidden"]}>{children}</span>;
}

/** Values as a small line; the dashed line is where it began. */
export function Spark({ values, label }: { values: readonly number[]; label: string }): ReactNode {
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const y = (value: number): string => (33 - ((value - low) / span) * 30).toFixed(2);
  const step = values.length > 1 ? 200 / (values.length - 1) : 0;
  const path = values.map((value, at) => `${at ? "L" : "M"}${(at * step).toFixed(2)} ${y(value)}`).join("");
  const [first] = values;
  return (
    <svg className={css["spark"]} viewBox="0 0 200 36" preserveAspectRatio="none" role="img" aria-label={label}>
      {first !== undefined && values.length > 1 && (
        <>
          <line x1="0" x2="200" y1={y(first)} y2={y(first)} />
          <path d={path} />
        </>
      )}
    </svg>
  );
}
