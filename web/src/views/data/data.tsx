// The data area: what is stored, what is kept fresh, where it comes from.
import type { ReactNode } from "react";
import { DATA_PARTS, type DataPart, dataHref } from "../../store/location";
import { useTracked } from "../../store/tracked";
import { PageHead } from "../parts/page";
import { Tabs } from "../parts/tabs";
import { QualityAlerts } from "./alerts";
import { CataloguePart } from "./catalogue";
import { InstrumentsPart } from "./instruments";
import { ProvidersPart } from "./providers";
import { StreamsPart } from "./streams";
import { TrackedPart } from "./tracked";

const TITLES: Readonly<Record<DataPart, string>> = {
  datasets: "Datasets",
  tracked: "Tracked",
  streams: "Streams",
  instruments: "Instruments",
  providers: "Providers",
};

export function DataPage({ part }: { part: DataPart }): ReactNode {
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
      <QualityAlerts />
      {part === "datasets" && <CataloguePart />}
      {part === "tracked" && <TrackedPart />}
      {part === "streams" && <StreamsPart />}
      {part === "instruments" && <InstrumentsPart />}
      {part === "providers" && <ProvidersPart />}
    </>
  );
}
