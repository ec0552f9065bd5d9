"""The shipped graphs of all-MiniLM-L6-v2 and what is handed into them; scripts/build_minilm_graph.py makes them."""

from recollect.providers.graph.initialisers import Precision, initialisers, model_bytes, tables

__all__ = ["Precision", "initialisers", "model_bytes", "tables"]
