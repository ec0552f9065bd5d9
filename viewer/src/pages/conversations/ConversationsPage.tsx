import { useInfiniteQuery } from "@tanstack/react-query";
import { ask, query } from "../../api/client";
import type { Place } from "../../api/place";
import type { Conversation } from "../../api/types";
import { useT } from "../../i18n/i18n";
import { Empty } from "../../parts/Empty";
import { Failure } from "../../parts/Failure";
import { Loading } from "../../parts/Loading";
import { ConversationRow } from "./ConversationRow";

interface Answer {
  conversations: Conversation[];
  next_cursor: string | null;
}

/** What was talked about, the latest first. */
export function ConversationsPage({ place }: { place: Place }) {
  const t = useT();
  const asked = useInfiniteQuery({
    queryKey: ["conversations", place],
    queryFn: ({ pageParam, signal }) =>
      ask<Answer>(`/api/conversations${query({ ...place, limit: 50, cursor: pageParam })}`, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const rows = asked.data?.pages.flatMap((page) => page.conversations) ?? [];
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("conversations.title")}</h1>
      </div>
      {asked.isPending && <Loading />}
      {asked.isError && <Failure error={asked.error} retry={() => void asked.refetch()} />}
      {asked.isSuccess && rows.length === 0 && (
        <Empty title={t("conversations.empty")}>{t("conversations.emptyHint")}</Empty>
      )}
      {rows.length > 0 && (
        <ol className="plain rows card">
          {rows.map((one) => (
            <li key={`${one.user_id} ${one.project_id} ${one.id}`}>
              <ConversationRow conversation={one} />
            </li>
          ))}
        </ol>
      )}
      {asked.hasNextPage && (
        <button type="button" disabled={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
          {t("app.more")}
        </button>
      )}
    </div>
  );
}
