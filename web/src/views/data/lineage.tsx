// Where a dataset comes from, as a graph: files and payloads at the left, the dataset at the right.
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import type { Lineage, LineageNode } from "../../api/types";
import { useLineage } from "../../store/catalogue";
import { datasetHref } from "../../store/location";
import { count } from "../../values/format";
import { type Box, type Graph, layout } from "../../values/lineage";
import { moment } from "../../values/time";
import { Card } from "../parts/basic";
import { Link } from "../parts/link";
import { Loaded, Notice } from "../parts/notice";
import css from "./data.module.css";

const [BOX_W, BOX_H, GAP_X, GAP_Y] = [196, 74, 70, 18];

export function LineagePart({ asked }: { asked: string }): ReactNode {
  const query = useLineage(asked);
  return (
    <Loaded query={query} doing="trace the dataset" context="data" height={320}>
      {(lineage) => <Traced key={lineage.root} lineage={lineage} />}
    </Loaded>
  );
}

function Traced({ lineage }: { lineage: Lineage }): ReactNode {
  const graph = useMemo(() => layout(lineage), [lineage]);
  const [chosen, setChosen] = useState(lineage.root);
  const node = lineage.nodes.find(({ hash }) => hash === chosen.split("/")[0]);
  return (
    <>
      <Card title="Where it comes from" label="Lineage" aside={`${count(lineage.nodes.length)} dataset${lineage.nodes.length === 1 ? "" : "s"}`}>
        <GraphView graph={graph} chosen={chosen} onChoose={setChosen} />
      </Card>
      {node && <NodeCard node={node} />}
    </>
  );
}

interface GraphProps {
  graph: Graph;
  chosen: string;
  onChoose: (id: string) => void;
}

function GraphView({ graph, chosen, onChoose }: GraphProps): ReactNode {
  const height = Math.max(1, graph.rows) * (BOX_H + GAP_Y) - GAP_Y;
  const width = graph.columns * (BOX_W + GAP_X) - GAP_X;
  const inColumn = (column: number): number => graph.boxes.filter((box) => box.column === column).length;
  // Each column stands in the middle of the height.
  const place = (box: Box): { x: number; y: number } => ({
    x: box.column * (BOX_W + GAP_X),
    y: box.row * (BOX_H + GAP_Y) + (height - (inColumn(box.column) * (BOX_H + GAP_Y) - GAP_Y)) / 2,
  });
  // On a narrow screen the asked dataset is what one sees first.
  const scroll = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (scroll.current) scroll.current.scrollLeft = scroll.current.scrollWidth;
  }, [graph]);
  const places = new Map(graph.boxes.map((box) => [box.id, place(box)]));
  return (
    <div ref={scroll} className={css["graph"]} tabIndex={0} role="region" aria-label="Graph of the lineage, scrollable">
      <div style={{ width, height, position: "relative" }}>
        <svg width={width} height={height} aria-hidden="true">
          {graph.edges.map(({ from, to }) => {
            const [a, b] = [places.get(from), places.get(to)];
            if (!a || !b) return null;
            const [x1, y1, x2, y2] = [a.x + BOX_W, a.y + BOX_H / 2, b.x, b.y + BOX_H / 2];
            const bend = Math.max(24, (x2 - x1) / 2);
            return <path key={`${from} ${to}`} d={`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`} />;
          })}
        </svg>
        {graph.boxes.map((box) => {
          const at = places.get(box.id);
          return (
            <button
              key={box.id}
              type="button"
              className={css["box"]}
              style={{ left: at?.x, top: at?.y, width: BOX_W, height: BOX_H }}
              aria-pressed={box.id === chosen}
              data-kind={box.node === null ? "origin" : box.node.stored ? "dataset" : "gone"}
              onClick={() => onChoose(box.id)}
            >
              <strong title={box.title}>{box.title}</strong>
              {box.lines.map((line) => (
                <small key={line}>{line}</small>
              ))}
            </button>
          );
        })}
      </div>
    </div>
  );
}

const MOST_LISTED = 50;

function NodeCard({ node }: { node: LineageNode }): ReactNode {
  const of = node.name || node.hash.slice(0, 12);
  return (
    <Card
      title={of}
      label="Made by"
      aside={node.stored && node.name ? <Link href={datasetHref(`${node.name}@${node.hash.slice(0, 16)}`)}>Open this version</Link> : "not stored any more"}
    >
      {node.made_by.length === 0 && <Notice title="What made it was not recorded">It was stored before that was kept.</Notice>}
      {node.made_by.map((made, at) => (
        <div key={`${made.command} ${at}`} className={css["made"]}>
          <p>
            <strong>{made.kind}</strong> <code>{made.command || "no command was recorded"}</code>
          </p>
          <p className={css["quiet"]}>
            {node.created_at_ns > 0 && `${moment(node.created_at_ns)} UTC · `}
            {made.code_version && `FKS ${made.code_version}`}
          </p>
          <Sums title="Files read" rows={made.sources.map(({ name, sha256, bytes }) => ({ name, note: `${count(bytes)} bytes`, hash: sha256 }))} />
          <Sums title="Payloads of the raw log" rows={made.payloads.map((id) => ({ name: id, note: "", hash: "" }))} />
        </div>
      ))}
      <div className={css["made"]}>
        <Sums title="Files stored" rows={node.files.map(({ name, sha256, bytes }) => ({ name, note: `${count(bytes)} bytes`, hash: sha256 }))} />
        <p className={css["quiet"]}>
          Version <code>{node.hash}</code>
        </p>
      </div>
    </Card>
  );
}

function Sums({ title, rows }: { title: string; rows: readonly { name: string; note: string; hash: string }[] }): ReactNode {
  if (rows.length === 0) return null;
  return (
    <details>
      <summary>
        {title}: {count(rows.length)}
      </summary>
      <ul className={css["sums"]}>
        {rows.slice(0, MOST_LISTED).map(({ name, note, hash }) => (
          <li key={`${name} ${hash}`}>
            <span>{name}</span>
            <small>{note}</small>
            {hash && <code>{hash}</code>}
          </li>
        ))}
        {rows.length > MOST_LISTED && <li>and {count(rows.length - MOST_LISTED)} more</li>}
      </ul>
    </details>
  );
}
