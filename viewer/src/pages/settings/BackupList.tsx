import { useQuery } from "@tanstack/react-query";
import { ask } from "../../api/client";
import type { Backups } from "../../api/types";
import { useT, useWritten } from "../../i18n/i18n";
import { Command } from "../../parts/Command";
import { Loading } from "../../parts/Loading";
import { Refused } from "../../parts/Refused";
import { Section } from "../../parts/Section";
import { When } from "../../parts/When";
import { SafeText } from "../../text/SafeText";

/** The last backups of the place that the settings name, and which of them the policy will let go. */
export function BackupList() {
  const t = useT();
  const written = useWritten();
  const asked = useQuery({
    queryKey: ["backups"],
    queryFn: ({ signal }) => ask<Backups>("/api/viewer/backups", { signal }),
    staleTime: 60_000,
  });
  const told = asked.data;
  const note = told?.to ? `${told.to}${told.every ? ` · ${t("backup.every", { hours: told.every })}` : ""}` : "";
  return (
    <Section title={t("settings.backups")} note={note}>
      {asked.isPending && <Loading />}
      {asked.isError && <Refused error={asked.error} />}
      {told?.to === null && (
        <>
          <p className="dim">{t("backup.unset")}</p>
          <Command line="recollect backup --to ~/recollect-backups" />
        </>
      )}
      {told?.error && <p className="said">{told.error}</p>}
      {told?.to && !told.error && told.backups.length === 0 && <p className="dim">{t("backup.none")}</p>}
      {told && told.backups.length > 0 && (
        <ul className="plain backups">
          {told.backups.map((one) => (
            <li key={one.id}>
              <When at={one.made_at} />
              <span>{t("stream.count", { count: one.memories })}</span>
              <code>
                <SafeText text={one.id} most={40} foldable={false} />
              </code>
              {!one.kept && <span className="dim">{t("backup.going")}</span>}
            </li>
          ))}
        </ul>
      )}
      {told && told.backups.length > 1 && (
        <p className="dim">
          {t("backup.kept", { count: written.number(told.backups.filter((one) => one.kept).length) })}
        </p>
      )}
    </Section>
  );
}
