// The versions of a dataset's name, with their tags.
import type { ReactNode } from "react";
import type { Dataset, Versions } from "../../api/types";
import { useVersions } from "../../store/catalogue";
import { datasetHref } from "../../store/location";
import { count } from "../../values/format";
import { moment } from "../../values/time";
import { Card, Tag } from "../parts/basic";
import { Link } from "../parts/link";
import { Loaded } from "../parts/notice";
import { type Column, Table } from "../parts/table";
import { DifferencePart } from "./difference";

type Version = Versions["versions"][number];

export function VersionsPart({ set }: { set: Dataset }): ReactNode {
  const query = useVersions(set.name);
  const columns: readonly Column<Version>[] = [
    {
      key: "hash",
      title: "Version",
      cell: ({ hash, stored }) => {
        const text = hash.slice(0, 16);
        return stored ? <Link href={datasetHref(`${set.name}@${text}`)}><code>{text}</code></Link> : <code>{text}</code>;
      },
    },
    { key: "state", title: "State", cell: (one) => <Tag tone={one.latest ? "good" : "plain"}>{one.latest ? "latest" : one.stored ? "stored" : "collected"}</Tag> },
    { key: "rows", title: "Rows", right: true, sort: ({ rows }) => rows, cell: ({ rows, stored }) => (stored ? count(rows) : "–") },
    { key: "first", title: "Stored first, UTC", sort: (one) => one.first_at_ns, cell: (one) => when(one.first_at_ns) },
    { key: "last", title: "Stored last, UTC", sort: (one) => one.last_at_ns, cell: (one) => when(one.last_at_ns) },
    { key: "tags", title: "Tags", cell: ({ tags }) => tags.map((tag) => <Tag key={tag}>{tag}</Tag>) },
  ];
  return (
    <Loaded query={query} doing="list the versions" context="data" height={200}>
      {({ versions }) => (
        <>
          <Card title="Versions" label="Versions" aside={<>tag one with <code>fks data tag {set.name}@VERSION TAG</code></>}>
            <Table label="Versions" columns={columns} rows={versions.toReversed()} rowKey={({ hash }) => hash} />
          </Card>
          <DifferencePart key={versions.length} name={set.name} versions={versions} />
        </>
      )}
    </Loaded>
  );
}

function when(tsNs: number): string {
  return tsNs > 0 ? moment(tsNs) : "with FKS";
}
