"""Text as search sees it: terms, sentences, language, tokens and dates."""
