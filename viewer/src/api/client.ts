/** Asks the server; every failure becomes an ApiError that says what happened and what to do. */

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

type Listener = () => void;
const signedOut = new Set<Listener>();

/** Be told when the server wants to know again who we are. */
export function onSignedOut(listener: Listener): () => void {
  signedOut.add(listener);
  return () => signedOut.delete(listener);
}

interface Asking {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  keepalive?: boolean;
}

export async function ask<T>(path: string, asking: Asking = {}): Promise<T> {
  const { method = asking.body === undefined ? "GET" : "POST", body, headers = {}, signal, keepalive = false } = asking;
  const given: RequestInit = {
    method,
    credentials: "same-origin",
    keepalive,
    headers: {
      Accept: "application/json",
      "X-Recollect": "viewer",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
  };
  if (body !== undefined) given.body = JSON.stringify(body);
  if (signal) given.signal = signal;
  let answer: Response;
  try {
    answer = await fetch(path, given);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", "The server cannot be reached", "");
  }
  const told: unknown = await answer.json().catch(() => null);
  if (!answer.ok) throw failure(answer.status, told, path);
  return told as T;
}

/** Ask one of the memory routes, which put what they tell into an envelope. */
export async function askData<T>(path: string, asking: Asking = {}): Promise<T> {
  return (await ask<{ data: T }>(path, asking)).data;
}

function failure(status: number, told: unknown, path: string): ApiError {
  if (status === 401 && path !== "/api/session") for (const listener of signedOut) listener();
  const error = (told as { error?: { code?: string; message?: string; hint?: string } } | null)?.error;
  return new ApiError(status, error?.code ?? "failed", error?.message ?? `HTTP ${status}`, error?.hint ?? "");
}

/** A query string of what is given; null and empty values are left out. */
export function query(values: Record<string, string | number | null | undefined>): string {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `?${text}` : "";
}
