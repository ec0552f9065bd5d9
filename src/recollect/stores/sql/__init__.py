"""The SQL core: records, queue, graph, words and vectors in one database."""
