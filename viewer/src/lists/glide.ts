/**
 * Browsers cannot lay out elements higher than some tens of millions of pixels. A list that is longer is laid out as a
 * stretch of itself that glides along: `shift` is where the stretch begins, in pixels of the whole list.
 */

/** The highest a stretch may be: far below what any browser takes, and far above what one scrolls in a second. */
export const MOST = 1_000_000;

export interface Glide {
  top: number;
  shift: number;
}

/** The height of the stretch that begins at `shift`, of a list of `total` pixels. */
export function heightOf(total: number, shift: number): number {
  return Math.max(0, Math.min(total - shift, MOST));
}

/** Where to lay out and scroll to instead so that the same rows stay in sight; null while there is room around them. */
export function glided({ top, shift }: Glide, view: number, total: number): Glide | null {
  const atEnd = top + view > MOST * 0.9 && shift + MOST < total;
  const atStart = shift > 0 && top < MOST * 0.1;
  if (!atEnd && !atStart) return null;
  const wanted = Math.max(0, Math.round(shift + top - MOST / 2));
  const next = Math.min(wanted, Math.max(0, total - view));
  return next === shift ? null : { top: top + shift - next, shift: next };
}
