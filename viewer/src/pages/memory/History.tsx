import { useQuery } from "@tanstack/react-query";
import { history } from "../../api/queries";
import { useT } from "../../i18n/i18n";
import { Failure } from "../../parts/Failure";
import { Loading } from "../../parts/Loading";
import { StepCard } from "./StepCard";

/** What became of a memory, the latest first. */
export function History({ id }: { id: string }) {
  const t = useT();
  const asked = useQuery(history(id));
  if (asked.isPending) return <Loading />;
  if (asked.isError) return <Failure error={asked.error} retry={() => void asked.refetch()} />;
  if (asked.data.length < 2) return <p className="dim">{t("memory.noHistory")}</p>;
  return (
    <ol className="plain steps">
      {asked.data.toReversed().map((step) => (
        <StepCard key={step.seq} step={step} />
      ))}
    </ol>
  );
}
