// The data area: what is stored, what is kept fresh, where it comes from.
import type { ReactNode } from "react";
import { useDatasetNews } from "../../store/catalogue";
import { DATA_PARTS, type DataPart, dataHref } from "../../store/location";
import { useTracked } from "../../store/tracked";
import { PageHead } from "../parts/page";
import { Tabs } from "../parts/tabs";
import { CataloguePart } from "./catalogue";
import { ProvidersPart } from "./providers";
import { TrackedPart } from "./tracked";

const TITLES: Readonly<Record<DataPart, string>> = { datasets: "Datasets", tracked: "Tracked", providers: "Providers" };

export function DataPage({ part }: { part: DataPart }): ReactNode {
  useDatasetNews();
  const late = (useTracked().data ?? []).filter(({ state }) => state === "behind" || state === "failed").length;
  const tabs = DATA_PARTS.map((name) => ({
    href: dataHref(name),
    label: TITLES[name],
    current: name === part,
    waiting: name === "tracked" ? late : 0,
  }));
  return (
    <>
      <PageHead title="Data" tab={`${TITLES[part]} · Data`}>
        <Tabs label="Parts of the data area" tabs={tabs} />
      </PageHead>
      {part === "datasets" && <CataloguePart />}
      {part === "tracked" && <TrackedPart />}
      {part === "providers" && <ProvidersPart />}
    </>
  );
}
