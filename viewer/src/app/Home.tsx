import { useQuery } from "@tanstack/react-query";
import { useChosenPlace } from "../api/place";
import { places } from "../api/queries";
import type { Session } from "../api/types";
import { Welcome } from "../pages/welcome/Welcome";
import { Failure } from "../parts/Failure";
import { Loading } from "../parts/Loading";
import { LiveProvider } from "./LiveProvider";
import { Page } from "./Page";
import { present } from "./present";
import { useRoute } from "./route";
import { Shell } from "./Shell";

/** What is there for somebody who is let in: a page of the chosen place, or where to begin. */
export function Home({ session }: { session: Session }) {
  const asked = useQuery(places);
  const chosen = useChosenPlace();
  const route = useRoute();
  if (asked.isPending) return <Loading />;
  if (asked.isError)
    return (
      <main className="alone">
        <Failure error={asked.error} retry={() => void asked.refetch()} />
      </main>
    );
  const place = present(chosen, asked.data);
  // An address of one memory or conversation says of itself whether that is there.
  const isWhole = ["settings", "numbers"].includes(route.page) || (route.id !== "" && route.page !== "stream");
  const empty = place === null && !isWhole;
  const looked = place ?? { user_id: "default", project_id: null };
  return (
    <LiveProvider place={place} head={asked.data.head}>
      <Shell session={session} places={asked.data} place={place}>
        {empty ? <Welcome /> : <Page route={route} place={looked} places={asked.data} />}
      </Shell>
    </LiveProvider>
  );
}
