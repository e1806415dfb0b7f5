"""Every dialect a provider can speak, one module each:

NAME             the dialect's name in weir's configuration
PATHS            path, or pattern with model and method, -> operation
read(call, op, model)       -> Facts; raises shape.Bad where the real API would refuse
answer(facts, turn, call)   the whole answer as JSON
stream(facts, turn, call)   yields (kind, bytes); kind is text or reasoning for what a client can show, else empty
ERRORS           fault of a scenario -> (status, header fields, body)
refusal(bad)     the same for a broken rule
broken()         the error inside a stream that has begun
"""
from backs import (anthropic_messages, gemini_generate, openai_chat, openai_completions, openai_embeddings,
                   openai_responses)

ALL = (openai_chat, openai_responses, openai_completions, openai_embeddings, anthropic_messages, gemini_generate)
