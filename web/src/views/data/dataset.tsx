// All that is known of one dataset, part by part.
import type { ReactNode } from "react";
import type { Dataset } from "../../api/types";
import { useDataset } from "../../store/catalogue";
import { DATASET_PARTS, type DatasetPart, dataHref, datasetHref } from "../../store/location";
import { Synthetic } from "../parts/basic";
import { Link } from "../parts/link";
import { Loaded } from "../parts/notice";
import { PageHead } from "../parts/page";
import { Tabs } from "../parts/tabs";
import { ComparePart } from "./compare";
import css from "./data.module.css";
import { LineagePart } from "./lineage";
import { OverviewPart } from "./overview";
import { QualityPart } from "./quality";
import { SplitsPart } from "./splits";
import { VersionsPart } from "./versions";

export function DatasetPage({ name, part }: { name: string; part: DatasetPart }): ReactNode {
  const query = useDataset(name);
  const set = query.data;
  const tabs = DATASET_PARTS.map((one) => ({
    href: datasetHref(name, one),
    label: one === "splits" ? "Splits and vault" : one.charAt(0).toUpperCase() + one.slice(1),
    current: one === part,
  }));
  return (
    <>
      <PageHead
        title={set?.name ?? name}
        tab={`${name} · Data`}
        sub={
          <>
            <Link href={dataHref("datasets")}>Datasets</Link> {set && <Synthetic shown={set.synthetic} />}
          </>
        }
      >
        <Tabs label="Parts of the dataset" tabs={tabs} />
      </PageHead>
      <Loaded query={query} doing="open the dataset" context="data" height={420}>
        {(found) => <div className={css["stack"]}>{partOf(part, name, found)}</div>}
      </Loaded>
    </>
  );
}

function partOf(part: DatasetPart, asked: string, set: Dataset): ReactNode {
  switch (part) {
    case "overview":
      return <OverviewPart asked={asked} set={set} />;
    case "quality":
      return <QualityPart asked={asked} set={set} />;
    case "lineage":
      return <LineagePart asked={asked} />;
    case "versions":
      return <VersionsPart set={set} />;
    case "compare":
      return <ComparePart asked={asked} set={set} />;
    case "splits":
      return <SplitsPart set={set} />;
  }
}
