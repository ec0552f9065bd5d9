import { type ReactNode, useId } from "react";

interface Props {
  title: string;
  note?: string;
  children: ReactNode;
  aside?: ReactNode;
}

/** A part of a page under its title. */
export function Section({ title, note, children, aside }: Props) {
  const id = useId();
  return (
    <section className="section" aria-labelledby={id}>
      <div className="section-head">
        <h2 id={id}>{title}</h2>
        {note && <span className="dim">{note}</span>}
        {aside}
      </div>
      {children}
    </section>
  );
}
