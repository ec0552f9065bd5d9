import { lazy, Suspense } from "react";
import type { Place } from "../api/place";
import type { Places } from "../api/types";
import { ConversationPage } from "../pages/conversations/ConversationPage";
import { ConversationsPage } from "../pages/conversations/ConversationsPage";
import { MemoryPage } from "../pages/memory/MemoryPage";
import { SearchPage } from "../pages/search/SearchPage";
import { StreamPage } from "../pages/stream/StreamPage";
import { Loading } from "../parts/Loading";
import type { Route } from "./route";

const NumbersPage = lazy(() => import("../pages/numbers/NumbersPage"));
const GraphPage = lazy(() => import("../pages/graph/GraphPage"));
const SettingsPage = lazy(() => import("../pages/settings/SettingsPage"));

interface Props {
  route: Route;
  place: Place;
  places: Places;
}

/** The page of an address; an address nobody knows is the stream. */
export function Page({ route, place, places }: Props) {
  return <Suspense fallback={<Loading />}>{chosen({ route, place, places })}</Suspense>;
}

function chosen({ route, place, places }: Props) {
  const key = JSON.stringify(place);
  switch (route.page) {
    case "search":
      return <SearchPage key={key} place={place} params={route.params} />;
    case "memory":
      return <MemoryPage key={route.id} id={route.id} />;
    case "conversations":
      return route.id ? (
        <ConversationPage key={route.id} id={route.id} params={route.params} />
      ) : (
        <ConversationsPage key={key} place={place} />
      );
    case "numbers":
      return <NumbersPage place={place} places={places} />;
    case "graph":
      return <GraphPage key={key} place={place} params={route.params} />;
    case "settings":
      return <SettingsPage />;
    default:
      return <StreamPage key={key} place={place} places={places} params={route.params} />;
  }
}
