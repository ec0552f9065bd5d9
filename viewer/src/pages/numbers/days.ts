/** Counts by day as columns: gaps are filled, and long times are put together by week or month. */

export interface Column {
  start: string;
  count: number;
}

const MOST = 70;

export function columns(days: Record<string, number>): Column[] {
  const known = Object.entries(days).sort(([left], [right]) => (left < right ? -1 : 1));
  const [first, last] = [known[0]?.[0], known.at(-1)?.[0]];
  if (first === undefined || last === undefined) return [];
  const length = (Date.parse(last) - Date.parse(first)) / 86_400_000 + 1;
  const group = length <= MOST ? day : length <= MOST * 7 ? week : month;
  const sums = new Map<string, number>();
  for (let at = group(first); at <= last; at = next(at, group)) sums.set(at, 0);
  for (const [name, count] of known) sums.set(group(name), (sums.get(group(name)) ?? 0) + count);
  return [...sums].map(([start, count]) => ({ start, count })).slice(-MOST * 4);
}

const iso = (date: Date): string => date.toISOString().slice(0, 10);
const day = (name: string): string => name;
const month = (name: string): string => `${name.slice(0, 7)}-01`;

function week(name: string): string {
  const date = new Date(`${name}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  return iso(date);
}

function next(name: string, group: (name: string) => string): string {
  const date = new Date(`${name}T00:00:00Z`);
  if (group === month) date.setUTCMonth(date.getUTCMonth() + 1);
  else date.setUTCDate(date.getUTCDate() + (group === week ? 7 : 1));
  return iso(date);
}
