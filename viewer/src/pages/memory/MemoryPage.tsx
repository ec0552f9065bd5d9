import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "../../api/client";
import { memory } from "../../api/queries";
import { useWaiting } from "../../app/toast";
import { useT } from "../../i18n/i18n";
import { Empty } from "../../parts/Empty";
import { Failure } from "../../parts/Failure";
import { KindTag } from "../../parts/KindTag";
import { Loading } from "../../parts/Loading";
import { Section } from "../../parts/Section";
import { States } from "../../parts/States";
import { SafeText } from "../../text/SafeText";
import { Actions } from "./Actions";
import { Around } from "./Around";
import { Edit } from "./Edit";
import { Facts } from "./Facts";
import { Flagged } from "./Flagged";
import { History } from "./History";
import { Provenance } from "./Provenance";
import { Usage } from "./Usage";

/** One memory: what it says, where it comes from, what became of it, and how to mend it. */
export function MemoryPage({ id }: { id: string }) {
  const t = useT();
  const asked = useQuery(memory(id));
  const [editing, setEditing] = useState(false);
  const isWaiting = useWaiting().has(id);
  const back = (
    <a className="back" href="#/stream">
      ← {t("memory.back")}
    </a>
  );
  const isGone = asked.error instanceof ApiError && [404, 422].includes(asked.error.status);
  if (asked.isPending) return <Loading />;
  if (isWaiting || isGone)
    return (
      <div className="page">
        {back}
        <Empty title={t("memory.gone")} />
      </div>
    );
  if (asked.isError)
    return (
      <div className="page">
        <Failure error={asked.error} retry={() => void asked.refetch()} />
      </div>
    );
  const item = asked.data;
  return (
    <article className="page memory-page">
      <div className="page-head">
        <h1 className="sr">{t("memory.title")}</h1>
        {back}
        <Actions item={item} edit={() => setEditing(true)} />
      </div>
      <div className="memory-columns">
        <div>
          <p className="row-meta">
            <KindTag kind={item.kind} />
            <States memory={item} />
          </p>
          {editing ? (
            <Edit item={item} close={() => setEditing(false)} />
          ) : (
            <div className="memory-text">
              {item.title && (
                <h2>
                  <SafeText text={item.title} most={200} />
                </h2>
              )}
              <SafeText text={item.content} />
            </div>
          )}
          <Flagged item={item} />
          <Around item={item} />
          <Section title={t("memory.history")}>
            <History id={id} />
          </Section>
        </div>
        <div>
          <Facts item={item} />
          <Provenance item={item} />
          <Usage id={id} />
        </div>
      </div>
    </article>
  );
}
