import { useT } from "../../i18n/i18n";
import type { AuditSieve } from "./auditSieve";

interface Props {
  sieve: AuditSieve;
  change: (sieve: AuditSieve) => void;
}

const DECISIONS = ["allowed", "denied", "failed"] as const;

/** Narrows the audit log: who, what, where, how it was decided, and when. */
export function AuditFilters({ sieve, change }: Props) {
  const t = useT();
  const field = (name: keyof AuditSieve, label: string, type = "search") => (
    <label className="field">
      <span>{label}</span>
      <input
        type={type}
        value={sieve[name]}
        maxLength={256}
        autoComplete="off"
        onChange={(event) => change({ ...sieve, [name]: event.target.value })}
      />
    </label>
  );
  return (
    <div className="filters">
      {field("actor", t("audit.actor"))}
      {field("action", t("audit.action"))}
      {field("project_id", t("stream.project"))}
      <label className="field">
        <span>{t("audit.decision")}</span>
        <select value={sieve.decision} onChange={(event) => change({ ...sieve, decision: event.target.value })}>
          <option value="">{t("stream.any")}</option>
          {DECISIONS.map((one) => (
            <option key={one} value={one}>
              {t(`decision.${one}`)}
            </option>
          ))}
        </select>
      </label>
      {field("since", t("audit.since"), "date")}
      {field("until", t("audit.until"), "date")}
    </div>
  );
}
