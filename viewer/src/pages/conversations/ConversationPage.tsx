import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Fragment } from "react";
import { ask, query } from "../../api/client";
import type { Conversation, Memory } from "../../api/types";
import { useT } from "../../i18n/i18n";
import { Failure } from "../../parts/Failure";
import { Loading } from "../../parts/Loading";
import { Section } from "../../parts/Section";
import { When } from "../../parts/When";
import { SafeText } from "../../text/SafeText";
import { Tellings } from "./Tellings";
import { Turn } from "./Turn";
import { placed, tellings } from "./told";

const NOBODY: Conversation = {
  id: "",
  user_id: "",
  project_id: "",
  turns: 0,
  started_at: "",
  ended_at: "",
  title: null,
  summary: null,
};

interface Answer {
  conversation: Conversation;
  turns: Memory[];
  next_cursor: string | null;
}

/** One conversation: its summary, then its turns in order. */
export function ConversationPage({ id, params }: { id: string; params: URLSearchParams }) {
  const t = useT();
  const whose = { user_id: params.get("user"), project_id: params.get("project") };
  const asked = useInfiniteQuery({
    queryKey: ["conversations", id, whose],
    queryFn: ({ pageParam, signal }) =>
      ask<Answer>(`/api/conversations/${encodeURIComponent(id)}${query({ ...whose, limit: 60, cursor: pageParam })}`, {
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const first = asked.data?.pages[0]?.conversation;
  const told = useQuery({ ...tellings(first ?? NOBODY), enabled: first !== undefined }).data ?? [];
  if (asked.isPending) return <Loading />;
  if (asked.isError || !first)
    return (
      <div className="page">
        <Failure error={asked.error} retry={() => void asked.refetch()} />
      </div>
    );
  const turns = asked.data.pages.flatMap((page) => page.turns);
  const last = turns.at(-1)?.occurred_at;
  const between = placed(turns, asked.hasNextPage && last ? told.filter((one) => one.at < last) : told);
  return (
    <div className="page reading">
      <a className="back" href="#/conversations">
        ← {t("conversations.title")}
      </a>
      <h1>
        <SafeText text={first.title ?? first.id} most={200} />
      </h1>
      <p className="row-meta">
        <span>{t("conversations.turns", { count: first.turns })}</span>
        <SafeText text={first.project_id} most={60} foldable={false} />
        <span>
          <When at={first.started_at} /> – <When at={first.ended_at} />
        </span>
      </p>
      <Section title={t("conversations.summary")}>
        {first.summary ? <SafeText text={first.summary} /> : <p className="dim">{t("conversations.noSummary")}</p>}
      </Section>
      {told.length > 0 && (
        <p className="dim">
          {t("told.sum", { count: told.length, tokens: told.reduce((sum, one) => sum + one.tokens, 0) })}
        </p>
      )}
      <ol className="plain turns">
        <Tellings told={between.get("")} />
        {turns.map((turn) => (
          <Fragment key={turn.id}>
            <Turn turn={turn} />
            <Tellings told={between.get(turn.id)} />
          </Fragment>
        ))}
      </ol>
      {asked.hasNextPage && (
        <button type="button" disabled={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
          {t("app.more")}
        </button>
      )}
    </div>
  );
}
