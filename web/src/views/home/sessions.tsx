// Paper sessions: those that run first, each with its equity as a small line.
import type { ReactNode } from "react";
import type { Session } from "../../api/types";
import { isFinal, useSessions, useSpark } from "../../store/execution";
import { count, money, params } from "../../values/format";
import { moment } from "../../values/time";
import { Card, Change, Spark, StatusTag } from "../parts/basic";
import { Link } from "../parts/link";
import { Loaded, Notice } from "../parts/notice";
import css from "./home.module.css";

const MOST = 6;

export function SessionsCard(): ReactNode {
  const query = useSessions();
  return (
    <Card title="Paper sessions" aside={<Link href="/chart?start=1">Start one</Link>}>
      <Loaded query={query} doing="list the sessions" context="execution" height={200}>
        {(sessions) =>
          sessions.length === 0 ? (
            <Notice title="No session yet">
              <p>
                A paper session replays a dataset to a strategy, bar by bar, and trades it on a simulated account.{" "}
                <Link href="/chart?start=1">Start the first one</Link>.
              </p>
            </Notice>
          ) : (
            <ul className={css["list"]}>
              {sessions
                .toSorted((a, b) => Number(isFinal(a)) - Number(isFinal(b)))
                .slice(0, MOST)
                .map((session) => (
                  <li key={session.id}>
                    <SessionRow session={session} />
                  </li>
                ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

function SessionRow({ session }: { session: Session }): ReactNode {
  const spark = useSpark(session);
  const profit = session.equity - session.config.cash;
  return (
    <Link href={`/chart?session=${encodeURIComponent(session.id)}`} className={css["session"]}>
      <div>
        <div className={css["name"]}>
          {session.strategy} <StatusTag status={session.status} />
        </div>
        <div className={css["detail"]} title={params(session.params)}>
          {session.dataset} · {count(session.fills)} fills
          {session.last_ts_ns > 0 && ` · at ${moment(session.last_ts_ns, true)}`}
        </div>
      </div>
      <div className={css["spark"]}>
        <Spark values={(spark.data ?? []).map(([, equity]) => equity)} label={`Equity of ${session.strategy}`} />
      </div>
      <div className={css["amount"]}>
        {session.last_index < 0 ? "–" : money(session.equity)}
        <small>{session.last_index < 0 ? "not begun" : <Change value={profit} />}</small>
      </div>
    </Link>
  );
}
