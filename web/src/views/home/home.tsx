// The page one opens in the morning: is everything well, what is running, what is there.
import type { ReactNode } from "react";
import { PageHead } from "../parts/page";
import { DatasetCard } from "./datasets";
import css from "./home.module.css";
import { RunsCard } from "./runs";
import { ServiceCards } from "./services";
import { SessionsCard } from "./sessions";

export function Home(): ReactNode {
  return (
    <>
      <PageHead title="Home" />
      <div className={css["stack"]}>
        <ServiceCards />
        <div className={css["columns"]}>
          <SessionsCard />
          <RunsCard />
        </div>
        <DatasetCard />
      </div>
    </>
  );
}
