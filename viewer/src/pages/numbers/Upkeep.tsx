import { useQuery } from "@tanstack/react-query";
import { ask } from "../../api/client";
import type { Upkeep as Told } from "../../api/types";
import { useNamed, useT, useWritten } from "../../i18n/i18n";
import { Fact } from "../../parts/Fact";
import { Loading } from "../../parts/Loading";
import { Refused } from "../../parts/Refused";
import { Section } from "../../parts/Section";
import { Bars } from "./Bars";
import { Exchange } from "./Exchange";

const EVERY = 10_000;

/** What the store takes on the disk, what its caches save, and how far its exchange with others is. */
export function Upkeep() {
  const t = useT();
  const written = useWritten();
  const asked = useQuery({
    queryKey: ["upkeep"],
    queryFn: ({ signal }) => ask<Told>("/api/viewer/upkeep", { signal }),
    refetchInterval: EVERY,
  });
  const named = useNamed();
  const { sizes = {}, caches = {}, sync } = asked.data ?? {};
  const looked = Object.entries(caches);
  return (
    <div className="halves">
      <Section title={t("numbers.sizes")}>
        {asked.isError && <Refused error={asked.error} />}
        {asked.isPending && <Loading />}
        {asked.data && (
          <Bars
            rows={Object.entries(sizes).map(([name, size]) => [named("size", name), size])}
            written={(size) => written.size(size)}
          />
        )}
      </Section>
      <Section title={t("numbers.caches")} note={t("numbers.sinceStart")}>
        {asked.data && looked.length === 0 && <p className="dim">{t("numbers.noLooks")}</p>}
        <dl className="facts">
          {looked.map(([name, { hit, miss }]) => (
            <Fact key={name} name={named("cache", name)}>
              {t("numbers.hits", { share: Math.round((100 * hit) / Math.max(1, hit + miss)), count: hit + miss })}
            </Fact>
          ))}
        </dl>
      </Section>
      {sync && (
        <Section title={t("numbers.sync")}>
          <Exchange sync={sync} />
        </Section>
      )}
    </div>
  );
}
