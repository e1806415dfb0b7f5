"""llama.cpp's own server with the tiny model, on a free port of loopback; prints its address, ends with its input.

python serve.py MODEL.gguf"""
import sys

import xllamacpp

TEMPLATE = ("{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
            "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")

p = xllamacpp.CommonParams()
p.model.path = sys.argv[1]
p.hostnames = ["127.0.0.1"]
p.port = 0
p.n_ctx = 8192
p.n_parallel = 2
p.n_threads_http = 4
p.cpuparams.n_threads = 1
p.use_jinja = True
p.chat_template = TEMPLATE
p.warmup = False
p.sampling.seed = 11        # the same words for the same prompt
server = xllamacpp.Server(p)
print(server.listening_address, flush=True)
sys.stdin.read()
