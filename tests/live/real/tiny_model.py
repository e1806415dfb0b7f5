"""Writes a GGUF of a language model of a few hundred KB with random weights: it babbles lower-case words.

python tiny_model.py OUT.gguf

The first number of each hidden state is the same for all tokens, and the output layer uses it to favour letters, blanks
and the end of the text: so that what comes is readable text that ends by itself."""
import sys

import gguf
import numpy

WIDTH, HEADS, LAYERS, INNER, CONTEXT = 64, 4, 2, 128, 4096
WANTED = "abcdefghijklmnopqrstuvwxyz"


def vocabulary():
    """(text, kind): the special ones, a token for each byte, and the printable characters."""
    special = [("<unk>", gguf.TokenType.UNKNOWN), ("<s>", gguf.TokenType.CONTROL), ("</s>", gguf.TokenType.CONTROL),
               ("<|im_start|>", gguf.TokenType.CONTROL), ("<|im_end|>", gguf.TokenType.CONTROL)]
    return (special + [(f"<0x{b:02X}>", gguf.TokenType.BYTE) for b in range(256)]
            + [("▁" if b == 32 else chr(b), gguf.TokenType.NORMAL) for b in range(32, 127)])


def liking(text):
    """The first number is 8 where this is used (the square root of WIDTH), so a tenth is 0.8 in a logit."""
    if text in WANTED:
        return 1.0
    return {"▁": 1.25, "<|im_end|>": 0.9}.get(text, -3.0)


def write(path):
    random = numpy.random.default_rng(7)
    tokens = vocabulary()

    def weights(*shape):
        return (random.standard_normal(shape) * 0.05).astype(numpy.float32)

    w = gguf.GGUFWriter(path, "llama")
    w.add_name("tiny")
    w.add_context_length(CONTEXT)
    w.add_embedding_length(WIDTH)
    w.add_block_count(LAYERS)
    w.add_feed_forward_length(INNER)
    w.add_head_count(HEADS)
    w.add_head_count_kv(HEADS)
    w.add_layer_norm_rms_eps(1e-5)
    w.add_rope_dimension_count(WIDTH // HEADS)
    w.add_vocab_size(len(tokens))
    w.add_tokenizer_model("llama")
    w.add_token_list([t for t, _ in tokens])
    w.add_token_scores([0.0] * len(tokens))
    w.add_token_types([int(kind) for _, kind in tokens])
    w.add_bos_token_id(1)
    w.add_eos_token_id(4)
    w.add_unk_token_id(0)
    w.add_add_bos_token(True)
    w.add_add_space_prefix(False)
    embedding, output = weights(len(tokens), WIDTH), weights(len(tokens), WIDTH) * 4
    embedding[:, 0] = 2.0
    output[:, 0] = [liking(t) for t, _ in tokens]
    w.add_tensor("token_embd.weight", embedding)
    w.add_tensor("output.weight", output)
    w.add_tensor("output_norm.weight", numpy.ones(WIDTH, numpy.float32))
    for n in range(LAYERS):
        for name, shape in {"attn_q": (WIDTH, WIDTH), "attn_k": (WIDTH, WIDTH), "attn_v": (WIDTH, WIDTH),
                            "attn_output": (WIDTH, WIDTH), "ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH),
                            "ffn_down": (WIDTH, INNER)}.items():
            w.add_tensor(f"blk.{n}.{name}.weight", weights(*shape))
        for name in ("attn_norm", "ffn_norm"):
            w.add_tensor(f"blk.{n}.{name}.weight", numpy.ones(WIDTH, numpy.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


if __name__ == "__main__":
    write(sys.argv[1])
