// A download that tells how far it is, and can be stopped. The server makes the file while it is
// sent, so its length is not known beforehand: of text the rows are counted as they come.
import { useEffect, useRef, useState } from "react";
import { asProblem, problemOf } from "../api/problem";

export interface DownloadWish {
  dataset: string;
  format: string;
  fromS: number | null;
  toS: number | null;
}

export interface DownloadState {
  stage: "idle" | "running" | "done" | "failed" | "stopped";
  bytes: number;
  /** Rows so far; null of a packed format. */
  rows: number | null;
  error: unknown;
}

const IDLE: DownloadState = { stage: "idle", bytes: 0, rows: null, error: null };
const NEWLINE = 10;
const TELL_EVERY_MS = 100;

/** Where a browser can fetch a dataset by itself. */
export function downloadHref({ dataset, format, fromS, toS }: DownloadWish): string {
  const query = new URLSearchParams({ format });
  if (fromS !== null) query.set("from_s", String(fromS));
  if (toS !== null) query.set("to_s", String(toS));
  return `/api/v1/datasets/${encodeURIComponent(dataset)}/download?${query.toString()}`;
}

function newlines(chunk: Uint8Array): number {
  let found = 0;
  for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) found++;
  return found;
}

/** The rows of a text of so many lines: CSV has a head. */
function rowsOf(format: string, lines: number): number | null {
  if (format === "csv") return Math.max(0, lines - 1);
  return format === "jsonl" ? lines : null;
}

async function failure(answer: Response): Promise<unknown> {
  try {
    return problemOf(answer.status, await answer.json());
  } catch {
    return problemOf(answer.status, undefined);
  }
}

type Tell = (bytes: number, lines: number) => void;

async function received(answer: Response, tell: Tell): Promise<Blob> {
  const chunks: BlobPart[] = [];
  const reader = answer.body?.getReader();
  let [bytes, lines, toldAt] = [0, 0, -Infinity];
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    chunks.push(part.value);
    bytes += part.value.length;
    lines += newlines(part.value);
    if (performance.now() - toldAt > TELL_EVERY_MS) {
      toldAt = performance.now();
      tell(bytes, lines);
    }
  }
  tell(bytes, lines);
  return new Blob(chunks, { type: answer.headers.get("content-type") ?? "" });
}

/** Give a file to the person, under the name that the server gave it. */
function hand(blob: Blob, answer: Response, fallback: string): void {
  const named = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1];
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(blob);
  anchor.download = named ?? fallback;
  anchor.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(anchor.href), 60_000);
}

export interface Downloading {
  state: DownloadState;
  start: (wish: DownloadWish) => void;
  stop: () => void;
}

/** One download at a time; leaving the page stops it. */
export function useDownload(): Downloading {
  const [state, setState] = useState(IDLE);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const start = async (wish: DownloadWish): Promise<void> => {
    const control = new AbortController();
    running.current = control;
    setState({ ...IDLE, stage: "running" });
    const tell: Tell = (bytes, lines) => {
      if (!control.signal.aborted) setState({ stage: "running", bytes, rows: rowsOf(wish.format, lines), error: null });
    };
    try {
      const answer = await fetch(downloadHref(wish), { signal: control.signal });
      if (!answer.ok) throw await failure(answer);
      const blob = await received(answer, tell);
      hand(blob, answer, wish.dataset);
      setState((last) => ({ ...last, stage: "done" }));
    } catch (error) {
      const stopped = control.signal.aborted;
      setState((last) => ({ ...last, stage: stopped ? "stopped" : "failed", error: stopped ? null : asProblem(error) }));
    }
  };
  return { state, start: (wish) => void start(wish), stop: () => running.current?.abort() };
}
