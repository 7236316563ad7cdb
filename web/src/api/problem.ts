// What went wrong, in the server's own words (application/problem+json), or in ours when the
// server could not be reached at all.

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly correlationId: string = "",
    readonly errors: readonly string[] = [],
  ) {
    super(detail);
    this.name = "Problem";
  }

  /** Whether asking again may help without anybody doing something. */
  get passing(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function fieldErrors(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (typeof item !== "object" || item === null) return [];
    const { key, message } = item as Record<string, unknown>;
    const said = text(message);
    return said ? [text(key) ? `${text(key)}: ${said}` : said] : [];
  });
}

/** Read an answer that is not a success; `body` is whatever could be decoded of it. */
export function problemOf(status: number, body: unknown): Problem {
  if (typeof body === "object" && body !== null) {
    const members = body as Record<string, unknown>;
    const detail = text(members["detail"]) || text(members["title"]);
    if (detail) {
      return new Problem(
        status,
        text(members["code"]) || `http.${status}`,
        detail,
        text(members["correlation_id"]),
        fieldErrors(members["errors"]),
      );
    }
  }
  return new Problem(status, `http.${status}`, `the server answered ${status} without a reason`);
}

/** Turn anything thrown while asking into a Problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError || error instanceof SyntaxError) {
    return new Problem(0, "web.unreachable", "the FKS server cannot be reached: is `fks serve` running?");
  }
  return new Problem(0, "web.failed", error instanceof Error ? error.message : String(error));
}

/** The context a 503 speaks of ("engine" of "engine.unavailable"), where it can be told. */
export function missingContext(problem: Problem, expected: string): string | null {
  return problem.status === 503 ? expected : null;
}
