import type { Key } from "../i18n/en";

/** The pages one can go to, and the key that leads there after `g`. */
export const PAGES: readonly { page: string; name: Key; key: string; icon: string }[] = [
  { page: "stream", name: "nav.stream", key: "m", icon: "M4 6h16M4 12h16M4 18h10" },
  { page: "search", name: "nav.search", key: "s", icon: "M11 4a7 7 0 1 0 0 14a7 7 0 0 0 0-14zM16.2 16.2L21 21" },
  { page: "conversations", name: "nav.conversations", key: "c", icon: "M4 5h16v11H10l-5 4v-4H4z" },
  { page: "numbers", name: "nav.numbers", key: "n", icon: "M5 20V11M12 20V4M19 20v-6" },
  {
    page: "graph",
    name: "nav.graph",
    key: "r",
    icon: "M6 18.5a2.5 2.5 0 1 0 0-.01M18 18.5a2.5 2.5 0 1 0 0-.01M12 5.5a2.5 2.5 0 1 0 0-.01M10.8 7.8L7.2 16M13.2 7.8L16.8 16M8.6 18.5h6.8",
  },
  {
    page: "settings",
    name: "nav.settings",
    key: "e",
    icon: "M4 7h9M19 7h1M4 17h1M11 17h9M16 4.8v4.4M8 14.8v4.4",
  },
];
