// A split's folds as strips of rows: what trains, what tests, and what is left out between them.
import { type ReactNode, useState } from "react";
import type { Fold, Split } from "../../api/types";
import { FOLDS_A_PAGE, useFolds } from "../../store/splits";
import { count } from "../../values/format";
import { stripsOf } from "../../values/splits";
import { Button } from "../parts/basic";
import { Loaded } from "../parts/notice";
import css from "./data.module.css";

const WIDTH = 1000;
const HEIGHT = 18;

export function SplitPicture({ split }: { split: Split }): ReactNode {
  const [first, setFirst] = useState(0);
  const query = useFolds(split.hash, first);
  return (
    <Loaded query={query} doing="open the split" context="data" height={160}>
      {({ folds, first_fold: at }) => (
        <section className={css["folds"]} aria-label={`Folds of ${split.name}`} data-testid="folds">
          <Key fold={folds[0]} />
          {folds.map((fold, place) => (
            <FoldStrip key={at + place} number={at + place} fold={fold} rows={split.rows} />
          ))}
          {split.folds > FOLDS_A_PAGE && (
            <nav className={css["foot"]} aria-label="Pages of folds">
              <span className={css["quiet"]}>folds {count(at)} to {count(at + folds.length - 1)} of {count(split.folds)}</span>
              <Button small disabled={first === 0} onClick={() => setFirst(first - FOLDS_A_PAGE)}>Previous</Button>
              <Button small disabled={first + FOLDS_A_PAGE >= split.folds} onClick={() => setFirst(first + FOLDS_A_PAGE)}>Next</Button>
            </nav>
          )}
        </section>
      )}
    </Loaded>
  );
}

function Key({ fold }: { fold: Fold | undefined }): ReactNode {
  const looks = new Map(fold ? stripsOf({ ...fold, parts: fold.parts.map((part) => ({ ...part, ranges: [[0, 1]] })) }, 1).map(({ part, look }) => [part, look]) : []);
  return (
    <ul className={css["foldKey"]}>
      {[...looks].map(([part, look]) => (
        <li key={part}>
          <span data-look={look} />
          {part}
        </li>
      ))}
      <li>
        <span data-look="none" />
        in no part
      </li>
    </ul>
  );
}

function FoldStrip({ number, fold, rows }: { number: number; fold: Fold; rows: number }): ReactNode {
  const parts = fold.parts.map((part) => `${part.name} ${count(part.rows)}`);
  const told = [...parts, ...(fold.purged ? [`purged ${count(fold.purged)}`] : []), ...(fold.embargoed ? [`embargoed ${count(fold.embargoed)}`] : [])].join(" · ");
  return (
    <div className={css["fold"]}>
      <span>{number}</span>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`Fold ${number}: ${told}`}>
        {stripsOf(fold, rows).map(({ part, look, tested, begin, end }) => (
          <rect key={`${part} ${begin}`} data-look={look} data-rows={`${part} ${begin}-${end}`} x={(begin / rows) * WIDTH} width={Math.max(1, ((end - begin) / rows) * WIDTH)} y={tested ? 0 : 4} height={tested ? HEIGHT : HEIGHT - 8}>
            <title>{`${part}: rows ${count(begin)} to ${count(end - 1)}`}</title>
          </rect>
        ))}
      </svg>
      <small>{told}</small>
    </div>
  );
}
