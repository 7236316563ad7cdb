// The one door to the HTTP interface: typed by the generated schema, failures as `Problem`.
import createClient from "openapi-fetch";
import { asProblem, problemOf } from "./problem";
import type { paths } from "./schema";

export const http = createClient<paths>({
  baseUrl: typeof location === "undefined" ? "http://localhost" : location.origin,
  headers: { Accept: "application/json" },
  // ?spec=a&spec=b, as the server reads lists.
  querySerializer: { array: { style: "form", explode: true } },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Wait for an answer and return its body, or throw a `Problem`. */
export async function body<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch (error) {
    throw asProblem(error);
  }
  if (!answer.response.ok || answer.data === undefined) {
    throw problemOf(answer.response.status, answer.error);
  }
  return answer.data;
}

/** A fresh key for a command, so that a repeated request has one effect. */
export function newKey(): string {
  return crypto.randomUUID();
}
