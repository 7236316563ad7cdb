// What is drawn over the bars, remembered for this browser.
import { type ReactNode, useState } from "react";
import { recall, remember } from "../../store/preferences";
import css from "./chart.module.css";

export interface Shown {
  signals: boolean;
  fills: boolean;
  equity: boolean;
}

const KEY = "fks.chart.hidden";
const NAMES = ["signals", "fills", "equity"] as const;
const LABELS: Record<keyof Shown, string> = { signals: "Signals", fills: "Fills", equity: "Equity" };

export function useShown(): [Shown, (name: keyof Shown) => void] {
  const [hidden, setHidden] = useState<readonly string[]>(() => (recall(KEY) ?? "").split(" "));
  const toggle = (name: keyof Shown): void => {
    const next = hidden.includes(name) ? hidden.filter((one) => one !== name) : [...hidden, name];
    remember(KEY, next.join(" ").trim());
    setHidden(next);
  };
  const [signals, fills, equity] = NAMES.map((name) => !hidden.includes(name));
  return [{ signals: signals ?? true, fills: fills ?? true, equity: equity ?? true }, toggle];
}

export function Toggles({ shown, toggle }: { shown: Shown; toggle: (name: keyof Shown) => void }): ReactNode {
  return (
    <div className={css["toggles"]} role="group" aria-label="Drawn on the chart">
      {NAMES.map((name) => (
        <label key={name}>
          <input type="checkbox" checked={shown[name]} onChange={() => toggle(name)} />
          {LABELS[name]}
        </label>
      ))}
    </div>
  );
}
