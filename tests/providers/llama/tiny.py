"""Writes a language model of random weights, small enough for a test: it says nonsense, and llama.cpp runs it."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

SPECIAL = ("<unk>", "<s>", "</s>")
WIDTH, INNER, HEADS, LAYERS = 32, 64, 4, 2


def tiny_gguf(path: Path, *, context: int = 2048, seed: int = 7) -> Path:
    """Write a two-layer llama over single bytes, about 150 KB, and return its path."""
    writer = gguf.GGUFWriter(path, "llama")
    vocabulary = [*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256))]
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL] + [gguf.TokenType.BYTE] * 256
    writer.add_name("tiny")
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(vocabulary))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(vocabulary)
    writer.add_token_scores([0.0] * len(vocabulary))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    for name, array in _tensors(np.random.default_rng(seed), len(vocabulary)):
        writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _tensors(random: np.random.Generator, words: int) -> list[tuple[str, np.ndarray]]:
    def noise(*shape: int) -> np.ndarray:
        return (random.standard_normal(shape) * 0.3).astype(np.float32)

    ones = np.ones(WIDTH, np.float32)
    made = [
        ("token_embd.weight", noise(words, WIDTH)),
        ("output.weight", noise(words, WIDTH)),
        ("output_norm.weight", ones),
    ]
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        made += [(f"{block}.attn_{name}.weight", noise(WIDTH, WIDTH)) for name in ("q", "k", "v", "output")]
        made += [(f"{block}.{name}.weight", ones) for name in ("attn_norm", "ffn_norm")]
        made += [(f"{block}.{name}.weight", noise(INNER, WIDTH)) for name in ("ffn_gate", "ffn_up")]
        made += [(f"{block}.ffn_down.weight", noise(WIDTH, INNER))]
    return made
