/** The address of a page: what stands after the `#`, so that it never meets a path of the server. */

import { useSyncExternalStore } from "react";

export interface Route {
  page: string;
  /** The rest of the path, decoded: the id of a memory or conversation. */
  id: string;
  params: URLSearchParams;
}

export function parse(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [page = "", ...rest] = path.split("/");
  return { page: page || "stream", id: decoded(rest.join("/")), params: new URLSearchParams(search) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function href(page: string, id = "", params: Record<string, string | null> = {}): string {
  const given = Object.entries(params).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const search = new URLSearchParams(given).toString();
  return `#/${page}${id ? `/${encodeURIComponent(id)}` : ""}${search ? `?${search}` : ""}`;
}

export function go(to: string): void {
  window.location.hash = to;
}

/** Change the parameters of the present page without a new step in the history. */
export function adjust(changes: Record<string, string | null>): void {
  const { page, id, params } = parse(window.location.hash);
  const merged: Record<string, string | null> = { ...Object.fromEntries(params), ...changes };
  window.history.replaceState(null, "", href(page, id, merged));
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

export function useRoute(): Route {
  return parse(useSyncExternalStore(subscribe, () => window.location.hash));
}
