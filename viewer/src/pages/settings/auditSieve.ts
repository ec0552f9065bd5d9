/** Which entries of the audit log are wanted, as it is chosen and as it is asked. */

export interface AuditSieve {
  actor: string;
  action: string;
  project_id: string;
  decision: string;
  since: string;
  until: string;
}

export const NO_SIEVE: AuditSieve = { actor: "", action: "", project_id: "", decision: "", since: "", until: "" };

/** Days become moments: from the beginning of the first to the end of the last, where the visitor is. */
export function sieved(sieve: AuditSieve): Record<string, string> {
  const moment = (day: string, time: string): string => (day ? new Date(`${day}T${time}`).toISOString() : "");
  return {
    ...sieve,
    actor: sieve.actor.trim(),
    action: sieve.action.trim(),
    project_id: sieve.project_id.trim(),
    since: moment(sieve.since, "00:00:00"),
    until: moment(sieve.until, "23:59:59.999"),
  };
}
