"""The page of routes comes from this server alone."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from tests.api.guarded import BEARER, asking, guarded


async def test_the_page_loads_nothing_from_elsewhere_and_its_policy_says_so(home: Path) -> None:
    async with guarded(home) as app, asking(app, **BEARER) as client:
        answer = await client.get("/docs")
        routes = (await client.get("/openapi.json")).json()
    assert answer.status_code == 200
    assert not re.search(r"""(?:src|href|url|import)\s*[=(]\s*["']?(?:https?:)?//""", answer.text)
    policy = answer.headers["content-security-policy"]
    for name in ("script", "style"):
        (inside,) = re.findall(f"<{name}>(.*?)</{name}>", answer.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert routes["security"] == [{"bearer": []}, {"key": []}]
    assert routes["components"]["securitySchemes"].keys() == {"bearer", "key"}
    assert routes["paths"]["/health"]["get"]["security"] == []
    assert "/docs" not in routes["paths"]


async def test_there_is_no_other_page_of_routes(home: Path) -> None:
    async with guarded(home) as app, asking(app, **BEARER) as client:
        for path in ("/redoc", "/docs/oauth2-redirect"):
            assert (await client.get(path)).status_code == 404
