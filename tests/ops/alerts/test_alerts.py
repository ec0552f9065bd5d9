"""Alerts as Alertmanager sends them, passed on to chats that are real servers on this machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from recollect.errors import ConfigError, InvalidInput, ProviderFailed
from recollect.ops.alerts import channel
from recollect.ops.alerts.desk import Desk
from recollect.ops.alerts.notice import LONGEST, MOST, lines, notice_of
from recollect.ops.alerts.receive import LARGEST, Receiver

CALL = {
    "version": "4",
    "groupKey": "{}:{alertname='ServiceDown'}",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "ServiceDown", "severity": "critical", "instance": "127.0.0.1:37777"},
            "annotations": {"summary": "服务已停止 <down>", "remedy": "recollect health"},
            "startsAt": "2026-05-01T09:00:00Z",
            "fingerprint": "a1",
        },
        {"status": "resolved", "labels": {"alertname": "HighCpu"}, "annotations": {"summary": "calm again"}},
    ],
    "truncatedAlerts": 3,
}
BODY = json.dumps(CALL).encode()


class Chat:
    """A chat's webhook: keeps what it is told, and answers as it is set to."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.status, self.answer = 200, b'{"errcode": 0}'
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                chat.heard.append((self.path, json.loads(body)))
                self.send_response(chat.status)
                self.send_header("Content-Length", str(len(chat.answer)))
                self.end_headers()
                self.wfile.write(chat.answer)

            def log_request(self, code: object = "", size: object = "") -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/robot/send?access_token=t0p"


@pytest.fixture
def chat() -> Iterator[Callable[[], Chat]]:
    with ExitStack() as stack:

        def made() -> Chat:
            new = Chat()
            stack.enter_context(_serving(new.server))
            return new

        yield made


class _serving:  # noqa: N801 - a context manager
    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.server = server
        self.thread = threading.Thread(target=server.serve_forever, args=(0.02,))

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def channels(of: Chat) -> list[channel.Channel]:
    return [
        channel.slack(of.url),
        channel.dingtalk(of.url, "SECdin"),
        channel.feishu(of.url, "fei"),
        channel.wecom(of.url),
    ]


def test_every_chat_is_told_in_its_own_form(chat: Callable[[], Chat]) -> None:
    heard = chat()
    text = "\n".join(lines(notice_of(BODY)))
    assert text.splitlines() == [
        "CRITICAL: ServiceDown, HighCpu",
        "- [critical] 服务已停止 <down>",
        "  What to do: recollect health",
        "- [over] calm again",
        "... and 3 more",
    ]
    for each in channels(heard):
        each.send(text, 10, now=1_700_000_000.5)
    (_, slack), (ding_path, ding), (_, fei), (_, wecom) = heard.heard
    assert "服务已停止 &lt;down&gt;" in slack["text"]
    assert ding["msgtype"] == "markdown"
    assert ding["markdown"]["title"] == "CRITICAL: ServiceDown, HighCpu"
    asked = parse_qs(urlsplit(ding_path).query)
    assert asked["access_token"] == ["t0p"]
    assert asked["timestamp"] == ["1700000000500"]
    sign = hmac.new(b"SECdin", b"1700000000500\nSECdin", hashlib.sha256).digest()
    assert asked["sign"] == [base64.b64encode(sign).decode()]
    assert fei["msg_type"] == "text"
    assert fei["content"]["text"] == text
    assert fei["sign"] == base64.b64encode(hmac.new(b"1700000000\nfei", b"", hashlib.sha256).digest()).decode()
    assert wecom == {"msgtype": "markdown", "markdown": {"content": text}}


def test_a_chat_that_says_no_has_not_been_told(chat: Callable[[], Chat]) -> None:
    heard = chat()
    for status, answer in ((500, b"oops"), (200, b'{"errcode": 310000}'), (200, b'{"code": 19021}')):
        heard.status, heard.answer = status, answer
        with pytest.raises(ProviderFailed) as raised:
            channel.wecom(heard.url).send("x", 10)
        assert "t0p" not in str(raised.value), "a webhook's address is a secret"
    with pytest.raises(ProviderFailed) as raised:
        channel.slack("http://127.0.0.1:1/t0p").send("x", 10)
    assert "t0p" not in str(raised.value)
    for bad in ("ftp://x", "nonsense", "https://", "http://x:y/", "http://x/\nHost: y"):
        with pytest.raises(ConfigError):
            channel.slack(bad)


def test_a_text_too_long_is_cut_between_characters(chat: Callable[[], Chat]) -> None:
    heard = chat()
    channel.wecom(heard.url).send("警" * 5000, 10)
    content = heard.heard[0][1]["markdown"]["content"]
    assert content.endswith("…")
    assert len(content.encode()) <= channel.MOST_WECOM + 10


def test_whoever_took_it_is_not_told_again(chat: Callable[[], Chat], tmp_path: Path) -> None:
    well, ill = chat(), chat()
    ill.status = 503
    log = tmp_path / "logs" / "alerts.log"
    desk = Desk([channel.slack(well.url), channel.wecom(ill.url)], log, lambda _: None, timeout=10)
    first = desk.take(BODY)
    assert (first.told, len(first.failed)) == (("slack",), 1)
    ill.status = 200
    assert desk.take(BODY).told == ("wecom",)
    assert (len(well.heard), len(ill.heard)) == (1, 2)
    assert desk.take(BODY).told == ("slack", "wecom"), "hours later Alertmanager repeats what is still the case"
    written = [json.loads(line) for line in log.read_text().splitlines()]
    assert [len(line["failed"]) for line in written] == [1, 0, 0]
    assert written[0]["alerts"][0]["summary"] == "服务已停止 <down>"
    assert log.stat().st_mode & 0o077 == 0


def test_a_log_that_cannot_be_written_keeps_nobody_from_being_told(chat: Callable[[], Chat], tmp_path: Path) -> None:
    heard, said = chat(), list[str]()
    (tmp_path / "file").write_text("")
    desk = Desk([channel.slack(heard.url)], tmp_path / "file" / "alerts.log", said.append, timeout=10)
    assert desk.take(BODY).told == ("slack",)
    assert any("cannot be written" in line for line in said)


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[]", b"{}", b'{"alerts": 3}', b'{"alerts": []}', b'{"alerts": [3]}', b"[" * 100_000]
)
def test_what_is_no_call_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        notice_of(body)


def test_what_is_odd_in_a_call_does_no_harm() -> None:
    odd = {"status": 7, "labels": [], "annotations": {"summary": "a\n- [critical] forged " + "x" * 9000}}
    notice = notice_of(json.dumps({"alerts": [odd] * (MOST + 5), "groupKey": 4, "truncatedAlerts": "y"}).encode())
    assert (len(notice.alerts), notice.more) == (MOST, 5)
    assert "\n" not in notice.alerts[0].summary
    assert len(notice.alerts[0].summary) == LONGEST


def test_the_receiver_asks_for_its_token_and_tells_what_became_of_a_call(chat: Callable[[], Chat]) -> None:
    heard = chat()
    desk = Desk([channel.slack(heard.url)], None, lambda _: None, timeout=10)
    receiver = Receiver("127.0.0.1", 0, desk, "let-me-in")
    with _serving(receiver), httpx.Client(base_url=f"http://127.0.0.1:{receiver.server_port}", timeout=20) as client:
        key = {"Authorization": "Bearer let-me-in", "Content-Type": "application/json"}
        assert client.get("/health").json()["status"] == "healthy"
        assert client.get("/else").status_code == 404
        assert client.post("/alerts", content=BODY, headers={"Content-Type": "application/json"}).status_code == 401
        assert client.post("/alerts", content=BODY, headers={**key, "Content-Type": "text/plain"}).status_code == 415
        assert client.post("/alerts", content=b"{}", headers=key).status_code == 400
        assert client.post("/else", content=BODY, headers=key).status_code == 404
        answer = client.post("/alerts", content=BODY, headers=key)
        assert (answer.status_code, answer.json()) == (200, {"told": ["slack"], "failed": []})
        heard.status = 500
        assert client.post("/alerts", content=BODY, headers=key).status_code == 502
    assert len(heard.heard) == 2
    assert LARGEST < 1 << 24


def test_without_a_token_strangers_are_not_let_in() -> None:
    with pytest.raises(ConfigError):
        Receiver("0.0.0.0", 0, Desk([], None, lambda _: None, timeout=1), "")
