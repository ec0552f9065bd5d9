"""The Model Context Protocol edge: tools, resources and prompts over one library, for stdio and for HTTP."""
