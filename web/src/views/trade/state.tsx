// Where an order stands, with a tone: what is in doubt is marked, never hidden.
import type { ReactNode } from "react";
import type { OrderState } from "../../api/types";
import { words } from "../../values/format";
import { Tag, type Tone } from "../parts/basic";

const TONES: Readonly<Record<OrderState, Tone>> = {
  pending_new: "plain",
  new: "live",
  partially_filled: "live",
  pending_cancel: "warn",
  pending_replace: "warn",
  held: "plain",
  unknown: "warn",
  filled: "good",
  cancelled: "plain",
  rejected: "bad",
  expired: "plain",
};

export function StateTag({ state }: { state: OrderState }): ReactNode {
  return <Tag tone={TONES[state]}>{words(state)}</Tag>;
}
