import type { Place } from "../../api/place";
import type { Sieve } from "../../api/queries";
import { KINDS, type Owner, type Places } from "../../api/types";
import { adjust } from "../../app/route";
import { useT } from "../../i18n/i18n";
import { oneLine } from "../../text/visible";

interface Props {
  place: Place;
  places: Places;
  sieve: Sieve;
  looked: Place;
  clients: ReadonlySet<string>;
}

/** Narrows the stream: by kind, by the other side of the place, by client, and to what was kept up to a day. */
export function Filters({ place, places, sieve, looked, clients }: Props) {
  const t = useT();
  const toggle = (kind: string): void => {
    const kinds = sieve.kinds.includes(kind) ? sieve.kinds.filter((one) => one !== kind) : [...sieve.kinds, kind];
    adjust({ kinds: kinds.join(",") });
  };
  const others: readonly [string, Owner[], string | null, string] =
    place.user_id !== null
      ? ["project", places.projects, looked.project_id, t("stream.project")]
      : ["user", places.users, looked.user_id, t("stream.user")];
  const [name, owners, value, label] = others;
  const known = [...new Set([...places.clients, ...clients, ...(sieve.client ? [sieve.client] : [])])].sort();
  return (
    <div className="filters">
      <fieldset className="chips">
        <legend className="sr">{t("stream.kinds")}</legend>
        {KINDS.map((kind) => (
          <button
            key={kind}
            type="button"
            className="chip"
            data-kind={kind}
            aria-pressed={sieve.kinds.includes(kind)}
            onClick={() => toggle(kind)}
          >
            {t(`kind.${kind}`)}
          </button>
        ))}
      </fieldset>
      <label className="field">
        <span>{label}</span>
        <select value={value ?? ""} onChange={(event) => adjust({ [name]: event.target.value })}>
          <option value="">{t("stream.any")}</option>
          {owners.map((one) => (
            <option key={one.name} value={one.name}>
              {oneLine(one.name, 40)}
            </option>
          ))}
        </select>
      </label>
      {known.length > 0 && (
        <label className="field">
          <span>{t("stream.client")}</span>
          <select value={sieve.client ?? ""} onChange={(event) => adjust({ client: event.target.value })}>
            <option value="">{t("stream.any")}</option>
            {known.map((client) => (
              <option key={client}>{client}</option>
            ))}
          </select>
        </label>
      )}
      <label className="field">
        <span>{t("stream.before")}</span>
        <input
          type="date"
          value={sieve.filters ? (new URLSearchParams(window.location.hash.split("?")[1]).get("before") ?? "") : ""}
          onChange={(event) => adjust({ before: event.target.value })}
        />
      </label>
    </div>
  );
}
