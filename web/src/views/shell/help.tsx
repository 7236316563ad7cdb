// The help: shortcuts, what the signs mean, and whom the charts are owed to.
import { type ReactNode, useEffect, useRef } from "react";
import { Button } from "../parts/basic";
import css from "./shell.module.css";
import { SHORTCUTS } from "./shortcuts";
import { ThemeSwitch } from "./theme_switch";

export function Help({ open, onClose }: { open: boolean; onClose: () => void }): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} className={css["dialog"]} onClose={onClose} aria-labelledby="help-title">
      <h2 id="help-title">Help</h2>
      <dl className={css["keys"]}>
        {SHORTCUTS.map(({ keys, does }) => (
          <Shortcut key={keys} keys={keys} does={does} />
        ))}
      </dl>
      <div className={css["dialogTheme"]}>
        <ThemeSwitch />
      </div>
      <p>
        All times are UTC and name the open of a bar. A signal is decided at a bar&apos;s close; with the fill
        rule <em>next open</em> its order fills on the bar after. Prices marked SYNTHETIC were generated.
      </p>
      <p>
        The HTTP interface is described at <a href="/docs">/docs</a>. Charts are drawn with Lightweight Charts™
        by <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">TradingView</a>, copyright 2025
        TradingView, Inc., under the Apache License 2.0.
      </p>
      <div className={css["dialogFoot"]}>
        <Button look="primary" onClick={onClose}>Close</Button>
      </div>
    </dialog>
  );
}

function Shortcut({ keys, does }: { keys: string; does: string }): ReactNode {
  return (
    <>
      <dt>
        {keys.split(" ").map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{does}</dd>
    </>
  );
}
