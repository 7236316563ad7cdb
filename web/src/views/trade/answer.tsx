// The durable answer to an order: taken or refused, with the reason and the way to its story.
import type { ReactNode } from "react";
import type { AccountOrder } from "../../api/types";
import { tradeHref } from "../../store/location";
import { useAccountOrders } from "../../store/trading";
import { decimal } from "../../values/decimal";
import { words } from "../../values/format";
import { Link } from "../parts/link";
import { Notice } from "../parts/notice";
import { Side } from "../parts/side";
import { StateTag } from "./state";

export function Answer({ order }: { order: AccountOrder }): ReactNode {
  // The newest that is known of it: the answer is from when it became durable.
  const known = useAccountOrders(order.account, "", false).data?.find(({ id }) => id === order.id) ?? order;
  const refused = known.state === "rejected";
  return (
    <div data-testid="answer" role="status">
      <Notice tone={refused ? "bad" : "plain"} title={refused ? `Refused: ${words(known.code.toLowerCase())}` : "Taken, and durable in the journal"}>
        {refused && <p>{known.reason}</p>}
        <p>
          <StateTag state={known.state} /> <Side side={known.side} /> {decimal(known.quantity)} {known.symbol} {words(known.type)}
          {known.average_price && <> at {decimal(known.average_price)}</>} · <Link href={tradeHref("orders", known.id)}>its story</Link>
        </p>
      </Notice>
    </div>
  );
}
