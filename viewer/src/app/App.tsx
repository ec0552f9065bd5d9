import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { onSignedOut } from "../api/client";
import { session } from "../api/queries";
import { SignIn } from "../pages/welcome/SignIn";
import { Failure } from "../parts/Failure";
import { Loading } from "../parts/Loading";
import { Home } from "./Home";
import { Toasts } from "./Toasts";

/** The viewer: first who looks, then what there is to see. */
export function App() {
  const queries = useQueryClient();
  const asked = useQuery(session);
  useEffect(() => onSignedOut(() => void queries.invalidateQueries({ queryKey: session.queryKey })), [queries]);
  if (asked.isPending) return <Loading />;
  if (asked.isError)
    return (
      <main className="alone">
        <Failure error={asked.error} retry={() => void asked.refetch()} />
      </main>
    );
  return (
    <>
      {asked.data.signed_in ? <Home session={asked.data} /> : <SignIn />}
      <Toasts />
    </>
  );
}
