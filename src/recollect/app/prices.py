"""The price of a model by its name alone: for reckoning, where nothing is asked and no key is needed."""

from __future__ import annotations

from importlib.util import find_spec

from recollect.providers.chat.price import Price
from recollect.settings import LOCAL, Settings
from recollect.settings.route import KNOWN, Known, ref


def price_of(settings: Settings, name: str, where: str) -> tuple[str, Price]:
    """Return a model's whole name and its price; raise ConfigError for one whose provider is not known.

    Without the price list (extra `models`) only the prices in the settings count.
    """
    found = ref(name, settings, where)
    known = KNOWN.get(found.provider, Known("compatible", keyless=True))
    given = settings.models.providers.get(found.provider)
    kind = (given.kind if given is not None else None) or known.kind
    address = (given.base_url if given is not None else None) or known.base_url
    listed = LOCAL if found.provider == LOCAL or not find_spec("genai_prices") else kind
    return str(found), Price(str(found), found.model, listed, address, settings.models.prices)


def has_price(price: Price) -> bool:
    """Return whether anything is known of what a model costs."""
    return price.dollars(1000, 1000) > 0
