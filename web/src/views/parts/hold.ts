// A press that must be held: by pointer, by finger, or by Space or Enter.
import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useRef, useState } from "react";

export interface Hold {
  /** 0 to 1 while held, else 0. */
  progress: number;
  handlers: {
    onPointerDown: (event: PointerEvent) => void;
    onPointerUp: () => void;
    onPointerLeave: () => void;
    onPointerCancel: () => void;
    onKeyDown: (event: KeyboardEvent) => void;
    onKeyUp: (event: KeyboardEvent) => void;
    onBlur: () => void;
  };
}

function isPress(event: KeyboardEvent): boolean {
  return event.key === " " || event.key === "Enter";
}

/** Call `onHeld` once when the press has lasted; letting go before does nothing. */
export function useHold(holdMs: number, onHeld: () => void): Hold {
  const [progress, setProgress] = useState(0);
  const frame = useRef(0);
  const held = useRef(onHeld);
  useEffect(() => {
    held.current = onHeld;
  });
  const release = useCallback(() => {
    cancelAnimationFrame(frame.current);
    frame.current = 0;
    setProgress(0);
  }, []);
  useEffect(() => release, [release]);
  const press = useCallback(() => {
    if (frame.current !== 0) return;
    const begun = performance.now();
    const step = (): void => {
      const share = (performance.now() - begun) / holdMs;
      if (share >= 1) {
        release();
        held.current();
        return;
      }
      setProgress(share);
      frame.current = requestAnimationFrame(step);
    };
    frame.current = requestAnimationFrame(step);
  }, [holdMs, release]);
  return {
    progress,
    handlers: {
      onPointerDown: (event) => event.button === 0 && press(),
      onPointerUp: release,
      onPointerLeave: release,
      onPointerCancel: release,
      onKeyDown: (event) => {
        if (!isPress(event)) return;
        event.preventDefault();
        if (!event.repeat) press();
      },
      onKeyUp: (event) => isPress(event) && release(),
      onBlur: release,
    },
  };
}
