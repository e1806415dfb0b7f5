"""Token ids and points of weir (tests/embed/cut) against the packages tokenizers and model2vec, on models that this
script makes up: random rows, a vocabulary of letters, syllables and words of many scripts.

compare.py CUT TEXTS
"""
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unicodedata

import numpy as np
from model2vec import StaticModel
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = """how do i reset my password the a of what is capital france weather today order refund
ship ing ed er s un re pass word able tion ness caf resume n
    aive stra e uber schon munch n ma ana 2024 100 12 3 50 usd eur can not don t""".split()
SCRIPTS = [
    "abcdefghijklmnopqrstuvwxyz", "0123456789", "áàâäãåçéèêëíìîïñóòôöõúùûüýÿ", "ÀÉÎÕÜÇØÆŒẞßİıſǅ",
    "ąćęłńóśźżčďěňřšťůž", "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώΐΰΆΈΣς",
    "абвгдежзийклмнопрстуфхцчшщъыьэюяёїґўЙЁ", "אבגדהוזחטיךכלםמןנ", "ءآأؤإئابةتثجحخدذرزسش",
    "अआइईउऊकखगघिीुू", "กขคงจาำิีึ", "가나다라마바사각난닭", "あいうえおかがきぎアイウエオガ", "東京天気今日日本語豈更𠀀𪜀",
    "!?.,;:-_()[]{}<>«»“”„‘’¿¡…·、。・", "+=$€£¥^`|~№™®°", "😀👍🏽❤️",
    "\t\n\r\x00\x01\x7f\x85\u00a0\u200b\u200d\u2028\u3000\ufeff\ufffd\u00ad",
    "\u0301\u0308\u0327\u0345\u20dd\u302e", "ﬁﬂＡＢ１ℌÅK"]


def make_tokenizer(tokens, **options):
    vocabulary = {}
    for token in SPECIAL + tokens:
        vocabulary.setdefault(token, len(vocabulary))
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(**options)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(SPECIAL)
    return tokenizer


def small_vocabulary(rng):
    letters = sorted({c for script in SCRIPTS[:15] for c in script})
    syllables = ["".join(rng.choice(script) for _ in range(rng.randint(2, 4)))
                 for script in SCRIPTS[:14] for _ in range(60)]
    pieces = WORDS + syllables + [c for c in letters if rng.random() < 0.9]
    return pieces + ["##" + p for p in pieces if rng.random() < 0.8]


def whole_vocabulary():
    """Every character that the normalizer lets through, at both places: shows any difference in its handling.  Those
    that no standard defines yet show as unknown, or as gone."""
    normalize = normalizers.BertNormalizer().normalize_str
    seen = {c for code in every_code() if unicodedata.category(chr(code)) not in ("Cn", "Co")
            for c in normalize(chr(code))}
    return [p + c for c in sorted(seen) if c.strip() for p in ("", "##")]


def every_code():
    return (code for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF)


def make_text(rng, odd):
    parts = []
    for _ in range(rng.randint(0, 14)):
        kind = rng.random()
        if kind < 0.45:
            parts.append(rng.choice(WORDS))
        elif kind < 0.85:
            script = rng.choice(SCRIPTS)
            parts.append("".join(rng.choice(script) for _ in range(rng.randint(1, 9))))
        elif kind < 0.9:
            parts.append(rng.choice(SPECIAL + ["[UNK", "[cls]", "[MASK]]"]))
        elif kind < 0.92:
            parts.append(rng.choice("abxé") * rng.randint(95, 105))
        else:
            parts += [c for c in (chr(rng.choice(CODES)) for _ in range(3)) if c not in odd]
        parts.append(rng.choice(["", " ", " ", "  ", "-"]))
    text = "".join(parts)
    return text.upper() if rng.random() < 0.1 else text


CODES = list(every_code())


def write_model(folder, tokenizer, tensors, config):
    folder.mkdir()
    save_file(tensors, folder / "model.safetensors")
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps(config))


def ask(cut, folder, texts):
    """[(ids, point, sums)] of weir."""
    encoded = [t.encode() for t in texts]
    asked = b"".join(struct.pack("<I", len(t)) + t for t in encoded)
    out = subprocess.run([cut, str(folder)], input=asked, stdout=subprocess.PIPE, check=True).stdout
    answers, at = [], 0
    for _ in texts:
        n, = struct.unpack_from("<I", out, at)
        ids = np.frombuffer(out, "<u4", n, at + 4)
        at += 4 + 4 * n
        dim, = struct.unpack_from("<I", out, at)
        point, sums = np.frombuffer(out, "<f4", 2 * dim, at + 4).reshape(2, dim)
        at += 4 + 8 * dim
        answers.append((ids.tolist(), point, sums))
    assert at == len(out)
    return answers


def wanted_ids(tokenizer, texts):
    return [e.ids[:512] for e in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


def differences(tokenizer, answers, texts):
    return [(t, a[0], w) for t, a, w in zip(texts, answers, wanted_ids(tokenizer, texts)) if a[0] != w]


def cosines(answers, wanted, which):
    """Least cosine of weir's points (1) or sums (2) with the wanted vectors; both zero counts as 1."""
    least = 1.0
    for a, w in zip(answers, wanted):
        got, w = a[which].astype(np.float64), w.astype(np.float64)
        assert not got[len(w):].any()
        got = got[:len(w)]
        norms = np.linalg.norm(got) * np.linalg.norm(w)
        if norms == 0:
            assert not got.any() and not w.any(), (got, w)
        else:
            least = min(least, float(got @ w / norms))
    return least


class Report:
    passed = failed = 0

    def line(self, name, ok, detail=""):
        self.passed += ok
        self.failed += not ok
        print("%s %s%s" % ("ok" if ok else "not ok", name, ": " + detail if detail else ""), flush=True)


def check_characters(cut, top, report):
    """Each character of Unicode between two letters, and alone."""
    tokenizer = make_tokenizer(whole_vocabulary())
    rows = np.random.default_rng(1).standard_normal((tokenizer.get_vocab_size(), 4)).astype(np.float32)
    write_model(top / "every", tokenizer, {"embeddings": rows}, {})
    texts = ["a%cb" % c for c in CODES]
    different = differences(tokenizer, ask(cut, top / "every", texts), texts)
    odd = {t[1] for t, _, _ in different}
    report.line("every character", len(odd) < 1500, "%d of %d differ (Unicode versions)%s" % (
        len(odd), len(CODES), "; first: " + " ".join("U+%04X" % ord(c) for c in sorted(odd)[:20]) if odd else ""))
    return odd


def check_ids(cut, top, report, name, tokenizer, texts):
    rows = np.random.default_rng(2).standard_normal((tokenizer.get_vocab_size(), 32)).astype(np.float32)
    write_model(top / name, tokenizer, {"embeddings": rows}, {})
    answers = ask(cut, top / name, texts)
    different = differences(tokenizer, answers, texts)
    tokens = sum(len(a[0]) for a in answers)
    report.line("token ids, " + name, not different, "%d texts, %d tokens, %d differ%s" % (
        len(texts), tokens, len(different), "; first: %r" % (different[0],) if different else ""))


def variants(size):
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((size, 256)) * rng.lognormal(0, 1, (size, 1)) * np.linspace(3, 0.5, 256)
    mapping = rng.integers(0, 64, size)
    f32 = rows.astype(np.float32)
    yield "F32", {"embeddings": f32}
    yield "F16", {"embeddings": rows.astype(np.float16)}
    yield "I8", {"embeddings": np.clip(np.round(rows * 127 / np.abs(rows).max()), -127, 127).astype(np.int8)}
    yield "narrow", {"embeddings": np.ascontiguousarray(f32[:, :50])}
    yield "weights", {"embeddings": f32, "weights": rng.random(size)}
    yield "mapping", {"embeddings": f32[:64], "weights": rng.random(size), "mapping": mapping.astype(np.int32)}
    yield "mapping64", {"embeddings": f32[:64].astype(np.float16), "mapping": mapping.astype(np.int64)}


def check_points(cut, top, report, tokenizer, texts):
    for name, tensors in variants(tokenizer.get_vocab_size()):
        write_model(top / name, tokenizer, tensors, {"normalize": True})
        answers = ask(cut, top / name, texts)
        wanted = StaticModel.from_pretrained(top / name).encode(texts)
        sums, points = cosines(answers, wanted, 2), cosines(answers, wanted, 1)
        # 8 bits lose 1e-4 where one component is six times as large as most: these rows have such on purpose.
        report.line("points, " + name, sums >= 0.99999 and points >= 0.9998,
                    "least cosine %.7f before, %.6f after it is made integers" % (sums, points))


def main():
    cut, count = sys.argv[1], int(sys.argv[2])
    rng, report = random.Random(7), Report()
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        odd = check_characters(cut, top, report)
        tokenizer = make_tokenizer(small_vocabulary(rng))
        texts = [make_text(rng, odd) for _ in range(count)]
        check_ids(cut, top, report, "uncased", tokenizer, texts)
        for name, options in (("cased", {"lowercase": False}), ("accents", {"strip_accents": False}),
                              ("plain", {"clean_text": False, "handle_chinese_chars": False})):
            check_ids(cut, top, report, name, make_tokenizer(small_vocabulary(rng), **options), texts[:count // 5])
        check_points(cut, top, report, tokenizer, [t for t in texts if len(t.encode()) <= 2048][:5000])
    print("%d passed, %d failed" % (report.passed, report.failed))
    sys.exit(report.failed > 0)


main()
