import { useIsFetching } from "@tanstack/react-query";

/** A line along the top while something that is not there yet is asked for; what comes at once leaves no trace. */
export function Busy() {
  const asked = useIsFetching({ predicate: (query) => query.state.status === "pending" });
  return <div className="busy" data-busy={asked > 0} aria-hidden="true" />;
}
