import { useT } from "../i18n/i18n";
import { Icon } from "../parts/Icon";
import { PAGES } from "./pages";
import { href, useRoute } from "./route";

/** The way to the pages. */
export function Nav() {
  const t = useT();
  const { page } = useRoute();
  const here = page === "memory" ? "stream" : page;
  return (
    <nav aria-label={t("nav.label")}>
      {PAGES.map((one) => (
        <a key={one.page} href={href(one.page)} aria-current={one.page === here ? "page" : undefined}>
          <Icon path={one.icon} />
          <span>{t(one.name)}</span>
        </a>
      ))}
    </nav>
  );
}
