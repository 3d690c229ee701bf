"""Writes templates.golden.json: what Python's jinja2 renders for each template in templates.json, in the environment of chat templates.

    python3 make-template-golden.py

With paths of tokenizer_config.json files as arguments it writes the rendering of their chat templates to standard output instead; with --hashes before them, into
real-templates.golden.json, hashes of templates and renderings by the name of each file's folder.
"""
import datetime
import hashlib
import json
import pathlib
import sys

import jinja2
import jinja2.ext
import jinja2.sandbox

HERE = pathlib.Path(__file__).parent
CONVERSATIONS = [
    [{"role": "user", "content": "Hello?"}],
    [{"role": "system", "content": "  Be brief. "}, {"role": "user", "content": " What's «this»?\n"}],
    [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b\n\"c\""}, {"role": "user", "content": "🐻 end"}],
    [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "<think>\nhm\n</think>\n\nb"}, {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}],
]


def refuse(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.Scope(body, lineno=line)


def render(template, messages, generate, tokens):
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols, Generation])
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = datetime.datetime(2026, 3, 7, 9, 5, 4).strftime
    try:
        return environment.from_string(template).render(messages=messages, add_generation_prompt=generate, tools=None, documents=None, **tokens)
    except (jinja2.exceptions.TemplateError, TypeError) as error:
        return {"error": str(error)}


def renderings(template, tokens):
    return [render(template, messages, generate, tokens) for messages in CONVERSATIONS for generate in (False, True)]


def case(path):
    config = json.loads(pathlib.Path(path).read_text())
    tokens = {name: config[name] if isinstance(config[name], str) else config[name]["content"] for name in ("bos_token", "eos_token", "pad_token") if config.get(name)}
    template = config["chat_template"]
    return {"template": template, "tokens": tokens, "expected": renderings(template, tokens)}


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


if sys.argv[1:2] == ["--hashes"]:
    real = {}
    for path in sys.argv[2:]:
        one = case(path)
        real[pathlib.Path(path).parent.name] = {"template": sha256(one["template"]), "expected": [sha256(text) if isinstance(text, str) else None for text in one["expected"]]}
    (HERE / "real-templates.golden.json").write_text(json.dumps({"conversations": CONVERSATIONS, "templates": real}, ensure_ascii=False, indent=1) + "\n")
elif len(sys.argv) > 1:
    result = [case(path) for path in sys.argv[1:]]
    json.dump({"conversations": CONVERSATIONS, "cases": result}, sys.stdout, ensure_ascii=False, indent=1)
else:
    tokens = {"bos_token": "<s>", "eos_token": "</s>"}
    cases = [{"template": template, "tokens": tokens, "expected": renderings(template, tokens)} for template in json.loads((HERE / "templates.json").read_text())]
    (HERE / "templates.golden.json").write_text(json.dumps({"conversations": CONVERSATIONS, "cases": cases}, ensure_ascii=False, indent=1) + "\n")
