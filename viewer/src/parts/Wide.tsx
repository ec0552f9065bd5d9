import type { ReactNode } from "react";

/** Something that may be wider than the page: it scrolls by itself, by keyboard too. */
export function Wide({ name, children }: { name: string; children: ReactNode }) {
  return (
    <section
      className="wide"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      aria-label={name}
    >
      {children}
    </section>
  );
}
