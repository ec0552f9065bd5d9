"""The memory tool of Anthropic's SDK, with files that are memories."""
