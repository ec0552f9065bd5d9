/** A page that can be asked for: by which cursor, and which row of the list it begins with. */
export interface Known {
  cursor: string | null;
  start: number;
}

/** The place of the page that holds a row; rows beyond the last page are its. */
export function pageAt(known: readonly Known[], row: number): number {
  let [low, high] = [0, known.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((known[middle]?.start ?? 0) <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}
