"""Fakes, and a suite of tests for each port: a backend proves itself by subclassing a suite and giving it one fixture.

```python
class TestWords(WordsContract):
    @pytest.fixture
    async def backend(self, tmp_path):
        yield my_backend(tmp_path)
```

The suites need pytest, pytest-asyncio (`asyncio_mode = "auto"`) and hypothesis. Call
`pytest.register_assert_rewrite("recollect.testing")` first, so that a failing assert shows its values.
"""
