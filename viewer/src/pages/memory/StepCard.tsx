import type { Step } from "../../api/types";
import { useNamed, useT } from "../../i18n/i18n";
import { When } from "../../parts/When";
import { SafeText } from "../../text/SafeText";
import { Difference } from "./Difference";

const told = (value: unknown): string => {
  if (Array.isArray(value)) return value.length > 0 ? value.map(told).join(", ") : "—";
  return typeof value === "string" ? value : JSON.stringify(value);
};
const MOST = 20_000;

/** One change of a memory: when, what kind, and what differs. */
export function StepCard({ step }: { step: Step }) {
  const t = useT();
  const named = useNamed();
  const value = (name: string, one: unknown): string => (name === "tier" ? named("tier", told(one)) : told(one));
  const { content, ...others } = step.changed;
  return (
    <li>
      <p className="row-meta">
        <strong>{t(`event.${step.event}`)}</strong>
        <When at={step.at} />
      </p>
      {content && <Difference before={told(content[0]).slice(0, MOST)} after={told(content[1]).slice(0, MOST)} />}
      {Object.keys(others).length > 0 && (
        <dl className="facts">
          {Object.entries(others).map(([name, [before, after]]) => (
            <div key={name}>
              <dt>{named("change", name)}</dt>
              <dd>
                <SafeText text={value(name, before)} most={300} foldable={false} /> →{" "}
                <SafeText text={value(name, after)} most={300} foldable={false} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}
