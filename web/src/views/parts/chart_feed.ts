// Give a series its data, and only what is new of it where that is enough: a session adds a bar
// many times a second to thousands that stay.

/** A datum of any series; `value` or `close` is what is painted of it. */
export interface Dated {
  time: number;
  value?: number;
  close?: number;
}

/** What the library paints of a datum, for comparison. */
function face(datum: Dated | undefined): number | undefined {
  return datum?.value ?? datum?.close;
}

/** Give a series its data, appending where only the end is new. */
export function feed<D extends Dated>(
  series: { setData(data: D[]): void; update(datum: D): void },
  before: readonly D[],
  after: D[],
): void {
  const kept = before.length;
  const grows =
    kept > 0 &&
    after.length >= kept &&
    after.length - kept < 100 &&
    before.every((datum, at) => datum.time === after[at]?.time && (at === kept - 1 || face(datum) === face(after[at])));
  if (!grows) series.setData(after);
  else for (const datum of after.slice(kept - 1)) series.update(datum);
}
