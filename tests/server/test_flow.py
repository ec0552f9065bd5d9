"""The flow of seeds/002 over HTTP: embed, the first 20, the best 5, fuse, build, limit; what is sent and answered."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.settings import load
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.model_server import Failure, ModelServer, Request, Scores, Vectors, model_server
from recollect.text import tokens
from recollect.text.words import terms

EMBEDDER, RERANKER, FUSER = "Qwen/Qwen3-Embedding-8B", "Qwen/Qwen3-Reranker-8B", "gemini-2.5-flash"
PIECE = re.compile(r"^\[(m\d+)\] (\S+) \w+ \S+ ([^:]+): (.*)$", re.MULTILINE)
GUIDES = {
    "zh": "以下是与你当前任务相关的项目背景与历史信息，请优先理解再继续操作：",
    "en": "Below is project background and history relevant to your current task; please take it in before you go on:",
}
SAID = {
    "en": [
        "We decided to move the billing service to Postgres 16 on Friday.",
        "The billing service keeps its migrations in db/migrate.",
        "Bo wants tabs in the billing service.",
        "The billing tests take 40 seconds.",
        "The invoices of the billing service are PDF files.",
        "Mei reviews every change to the billing service.",
        *(f"Ticket {number} about the web shop waits for a design." for number in range(24)),
    ],
    "zh": [
        "我们决定周五把计费服务迁移到 Postgres 16。",
        "计费服务的迁移脚本放在 db/migrate 目录。",
        "小王要求计费服务使用制表符缩进。",
        "计费服务的测试需要 40 秒。",
        "计费服务的发票是 PDF 文件。",
        "小梅审查计费服务的每次改动。",
        *(f"网店的第 {number} 号工单在等设计。" for number in range(24)),
    ],
}
ASKED = {"en": "Which database does the billing service use?", "zh": "计费服务用什么数据库？"}
HEADING = {"en": "### Decisions and preferences", "zh": "### 决定与偏好"}


def embedded(request: Request) -> Vectors:
    """Return vectors under which texts that share words lie near each other."""
    made = FakeEmbedder(dimension=int(request.body.get("dimensions") or 256))
    return Vectors([np.frombuffer(made.one(text).vector, "<f4").tolist() for text in request.body["input"]])


def reranked(request: Request) -> Scores:
    """Return a reranker's opinion: what names Postgres first, then what shares words."""
    documents = [str(one) for one in request.body["documents"]]
    asked = frozenset(terms(str(request.body["query"])))
    near = [len(asked & frozenset(terms(text))) / 40 for text in documents]
    return Scores([0.9 if "Postgres" in text else min(0.5, share) for text, share in zip(documents, near, strict=True)])


def fused(request: Request, language: str) -> str:
    """Return a fusion of the pieces: each with its source, and two sentences that nothing bears out."""
    lines = [HEADING[language]]
    lines += [f"- {day} {said} [{label}]" for label, day, _, said in PIECE.findall(request.text)]
    lines.append("- The billing service runs on Oracle 19 since 2019. [m1]")
    lines.append("- Nobody said this.")
    return "\n".join(lines)


@contextmanager
def served(home: Path, settings: Mapping[str, Any]) -> Iterator[str]:
    """Serve a library whose models are all asked over HTTP; give its address."""
    loaded = load(home, {"worker": {"poll": 0.02}, **settings}, {}).settings
    listening = socket.create_server(("127.0.0.1", 0))
    servers: list[uvicorn.Server] = []
    begun = threading.Event()

    async def run() -> None:
        async with AsyncMemory(home, settings=loaded) as memory:
            servers.append(
                uvicorn.Server(uvicorn.Config(create_app(memory, loaded), log_level="error", lifespan="off"))
            )
            begun.set()
            await servers[0].serve(sockets=[listening])

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        assert begun.wait(60)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        for server in servers:
            server.should_exit = True
        thread.join(60)
        listening.close()


def settings_of(server: ModelServer) -> dict[str, Any]:
    """Return the settings that seeds/002 suggests, with the model server in the place of SiliconFlow and Gemini."""
    return {
        "embedder": {
            "provider": "openai",
            "model": EMBEDDER,
            "base_url": server.openai,
            "api_key": "sf",
            "patience": 60,
        },
        "rerank": {"model": RERANKER, "base_url": server.openai, "api_key": "sf", "timeout": 60},
        "models": {"providers": {"gemini": {"base_url": server.url, "api_key": "gm"}}, "retries": 0},
        "fusion": {
            "enabled": True,
            "model": FUSER,
            "temperature": 0.2,
            "prompt_template": "./prompts/memory_fusion_prompt_programming.txt",
            "token_limit": 800,
        },
        "chat": {},
    }


def captured(client: httpx.Client, said: list[str]) -> list[str]:
    """Capture turns and wait until all of them have a vector."""
    turns = [{"role": "user", "content": text, "speaker": "Bo", "occurred_at": "2026-05-01T09:00:00Z"} for text in said]
    done = client.post("/api/capture", json={"turns": turns, "conversation_id": "c1"})
    assert done.status_code == 202
    for _ in range(600):
        jobs = client.get("/api/jobs").json()
        if not jobs.get("data", jobs).get("jobs"):
            break
        threading.Event().wait(0.05)
    return list(done.json()["ids"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_question_goes_through_every_stage(home: Path, language: str) -> None:
    with model_server() as server:
        server.usually(embedded, EMBEDDER)
        server.usually(reranked, RERANKER)
        server.usually(lambda request: fused(request, language), FUSER)
        with served(home, settings_of(server)) as url, httpx.Client(base_url=url, timeout=60) as client:
            ids = captured(client, SAID[language])
            written = len(server.requests)
            answer = client.post("/api/context", json={"query": ASKED[language]})
            assert answer.status_code == 200
            got = answer.json().get("data", answer.json())

            # embed: the question, at the embedder, with its key
            asked = server.requests[written:]
            (question,) = [one for one in asked if one.form == "embeddings"]
            assert question.model == EMBEDDER
            assert ASKED[language] in question.body["input"][0]
            assert question.headers["authorization"] == "Bearer sf"

            # the first 20 go to the reranker
            (ranking,) = [one for one in asked if one.form == "rerank"]
            assert (ranking.model, ranking.body["query"]) == (RERANKER, ASKED[language])
            assert len(ranking.body["documents"]) == 20

            # the best 5 go to the fuser, with its prompt, temperature and limit
            (fusing,) = [one for one in asked if one.form == "gemini"]
            pieces = PIECE.findall(fusing.text)
            assert fusing.model == FUSER
            assert fusing.headers["x-goog-api-key"] == "gm"
            assert [label for label, *_ in pieces] == [f"m{number}" for number in range(1, 6)]
            assert "Postgres 16" in pieces[0][3]
            assert {said for *_, said in pieces} <= set(SAID[language])
            assert ASKED[language] in fusing.text
            assert ("记忆融合器" in fusing.text) == (language == "zh")
            chosen = fusing.body["generationConfig"]
            assert (chosen["temperature"], chosen["maxOutputTokens"]) == (0.2, 800)

            # build and limit: the guiding line, the fused text with our sources, and nothing that nobody said
            assert got["text"].startswith(f"{GUIDES[language]}\n\n{HEADING[language]}\n- 2026-05-01 ")
            assert "Postgres 16" in got["text"]
            assert "Oracle" not in got["text"]
            assert "Nobody said" not in got["text"]
            assert FUSER in got["fused_by"]
            assert len(got["memories"]) == 5
            assert set(got["memories"]) <= set(ids)
            assert all(f"[{name.replace('-', '')[-8:]}]" in got["text"] for name in got["memories"])
            assert got["tokens"] == tokens.count(got["text"]) <= 20_000


def test_when_every_model_fails_the_answer_still_comes(home: Path) -> None:
    with model_server() as server:
        server.usually(Failure(500))
        with served(home, settings_of(server)) as url, httpx.Client(base_url=url, timeout=60) as client:
            turn = {"role": "user", "content": SAID["en"][0], "speaker": "Bo"}
            assert client.post("/api/capture", json={"turns": [turn], "conversation_id": "c1"}).status_code == 202
            answer = client.post("/api/context", json={"query": ASKED["en"]}).json()
            got = answer.get("data", answer)
            assert got["fused_by"] == "extractive"
            assert "Postgres 16" in got["text"]
