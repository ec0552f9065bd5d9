"""Every form of embedding server keeps the contract, through its real client against the scripted server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from recollect.providers.embed_form import Limits, body_of, instruction_of, limits_of, path_of, window_of
from recollect.providers.openai_embed import OpenAIEmbed
from recollect.testing.embed import EmbedContract
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.model_server import Failure, ModelServer, Request, Vectors, model_server

FAKE = FakeEmbedder(dimension=64)


def meant(request: Request) -> Vectors:
    """Answer vectors of texts that share words near each other."""
    texts = request.body["input"]
    return Vectors([memoryview(FAKE.one(text).vector).cast("f").tolist() for text in texts])


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as running:
        running.usually(meant)
        yield running


FORMS: dict[str, dict[str, Any]] = {
    "openai": {"form": "openai"},
    "azure": {"form": "azure", "api_version": "2024-10-21"},
    "ollama": {"form": "ollama"},
}


def made(server: ModelServer, form: str, **more: Any) -> OpenAIEmbed:
    base = server.openai if form == "openai" else server.url
    return OpenAIEmbed(base, "sk-secret", "some-model", timeout=20, **FORMS[form], **more)


class TestForms(EmbedContract):
    @pytest.fixture(params=FORMS)
    async def embedder(self, request: pytest.FixtureRequest, server: ModelServer) -> AsyncIterator[OpenAIEmbed]:
        embedder = made(server, request.param)
        yield embedder
        await embedder.aclose()


async def test_openai_is_asked_as_it_documents(server: ModelServer) -> None:
    embedder = made(server, "openai", dimension=64, ask_dimension=True)
    await embedder.embed(["a"])
    (asked,) = server.requests
    assert asked.path == "/v1/embeddings"
    assert asked.headers["authorization"] == "Bearer sk-secret"
    assert asked.body == {"model": "some-model", "input": ["a"], "encoding_format": "float", "dimensions": 64}
    assert embedder.model == "some-model@64"
    await embedder.aclose()


async def test_azure_is_asked_by_deployment_version_and_its_own_header(server: ModelServer) -> None:
    embedder = made(server, "azure", space="text-embedding-3-large")
    await embedder.embed(["a"])
    (asked,) = server.requests
    assert asked.path == "/openai/deployments/some-model/embeddings?api-version=2024-10-21"
    assert asked.headers["api-key"] == "sk-secret"
    assert "authorization" not in asked.headers
    assert asked.body == {"input": ["a"], "encoding_format": "float"}
    assert embedder.model == "text-embedding-3-large"
    await embedder.aclose()


async def test_ollama_is_asked_in_its_own_form_and_tells_its_tokens(server: ModelServer) -> None:
    embedder = made(server, "ollama")
    found = await embedder.embed(["two words", "one"])
    (asked,) = server.requests
    assert asked.path == "/api/embed"
    assert asked.body == {"model": "some-model", "input": ["two words", "one"]}
    assert sum(one.tokens for one in found) == 3
    await embedder.aclose()


async def test_a_question_goes_with_what_the_model_wants_before_it_and_a_text_without(server: ModelServer) -> None:
    qwen = OpenAIEmbed(server.openai, "k", "Qwen/Qwen3-Embedding-8B")
    await qwen.embed_question("猫叫什么", least=0.5)
    await qwen.embed(["猫叫年糕"])
    question, text = (one.body["input"] for one in server.requests)
    assert question[0].startswith("Instruct: ")
    assert question[0].endswith("\nQuery:猫叫什么")
    assert text == ["猫叫年糕"]
    await qwen.aclose()


async def test_an_instruction_of_ones_own_takes_its_place(server: ModelServer) -> None:
    for given, sent in (("query: {question}", "query: q"), ("", "q")):
        embedder = OpenAIEmbed(server.openai, "k", "Qwen3-Embedding-0.6B", instruction=given)
        await embedder.embed_question("q", least=0.5)
        assert server.requests[-1].body["input"] == [sent]
        await embedder.aclose()


async def test_a_question_is_asked_only_once(server: ModelServer) -> None:
    server.usually(Failure(503))
    embedder = OpenAIEmbed(server.openai, "k", "some-model", retries=4)
    with pytest.raises(Exception, match="503"):
        await embedder.embed_question("q", least=0.5)
    assert len(server.requests) == 1
    await embedder.aclose()


async def test_a_request_holds_no_more_tokens_than_a_server_takes(server: ModelServer) -> None:
    embedder = made(server, "openai", batch=2048)
    texts = ["字" * 8000] * 70  # 560,000 tokens; 250,000 are the most
    assert len(await embedder.embed(texts)) == 70
    assert [len(one.body["input"]) for one in server.requests] == [31, 31, 8]
    await embedder.aclose()


@pytest.mark.parametrize(
    ("address", "texts"),
    [
        ("https://dashscope.aliyuncs.com/compatible-mode/v1", 10),
        ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", 10),
        ("https://api.siliconflow.cn/v1", 32),
        ("https://generativelanguage.googleapis.com/v1beta/openai", 100),
        ("https://api.openai.com/v1", 2048),
        ("https://aliyuncs.com.example.org/v1", 2048),
        ("http://127.0.0.1:8000", 2048),
        ("", 2048),
    ],
)
def test_each_provider_is_given_as_many_texts_as_it_takes(address: str, texts: int) -> None:
    assert limits_of(address) == Limits(texts)


def test_what_is_known_of_models_is_found_under_any_owners_name() -> None:
    assert window_of("Qwen/Qwen3-Embedding-8B") == window_of("qwen3-embedding:8b") == 32_768
    assert window_of("gemini-embedding-001") == 2048
    assert window_of("whatever") == 8192
    assert instruction_of("text-embedding-3-small") == ""
    assert path_of("azure", "a/b") == "openai/deployments/a%2Fb/embeddings"
    assert "dimensions" not in body_of("ollama", "m", ["a"], None)
