// One dataset's coverage as a bar on a shared axis.
import type { ReactNode } from "react";
import type { Dataset } from "../../api/types";
import { useCoverage } from "../../store/catalogue";
import { type Axis, type Stretch, stretches, ticksOf, wholeness } from "../../values/coverage";
import { percent } from "../../values/format";
import { date } from "../../values/time";
import { Skeleton } from "../parts/basic";
import css from "./data.module.css";

interface Props {
  set: Dataset;
  axis: Axis;
}

const WIDTH = 1000;
const HEIGHT = 18;

export function CoverageBar({ set, axis }: Props): ReactNode {
  const query = useCoverage(set.hash);
  if (query.isError) return <span className={css["quiet"]}>{query.error.message}</span>;
  if (!query.data) return <Skeleton height={HEIGHT} />;
  const whole = wholeness(query.data);
  const said = whole === null ? query.data.note : `${percent(whole, whole > 0.999 && whole < 1 ? 3 : 1)} of what its calendar expects`;
  const label = `${set.name}: ${date(set.first_ts_ns)} to ${date(set.last_ts_ns)}, ${said}`;
  return (
    <div className={css["coverage"]} title={label}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label} data-whole={whole ?? ""}>
        {ticksOf(axis).map(({ at, label: text }) => (
          <line key={text} x1={at * WIDTH} x2={at * WIDTH} y1="0" y2={HEIGHT} />
        ))}
        {stretches(query.data, axis).map((one) => (
          <Bar key={one.left} stretch={one} />
        ))}
      </svg>
      <small>{whole === null ? "" : percent(whole, whole < 1 ? 2 : 0)}</small>
    </div>
  );
}

/** What is there grows from the ground; holes are as high as a whole bar. */
function Bar({ stretch: { left, width, fill, state } }: { stretch: Stretch }): ReactNode {
  const tall = state === "part" ? Math.max(0.15, Math.min(0.9, fill)) : 1;
  const body = HEIGHT - 6;
  const shape = { x: left * WIDTH, width: Math.max(1.5, width * WIDTH) };
  return (
    <>
      {state === "part" && <rect {...shape} y={3} height={body} data-state="hole" />}
      <rect {...shape} y={3 + body * (1 - tall)} height={body * tall} data-state={state} />
    </>
  );
}
