"""The graph in Neo4j, beside the records."""
