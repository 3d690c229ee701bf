"""Writes small files in the layouts of published datasets, all with content of our own: python3 make-layouts.py

Twelve exchanges, the same in every file, told as each layout tells them.
"""
import csv
import json
import os

folder = os.path.dirname(os.path.abspath(__file__))
fruits = ["apples", "pears", "plums", "figs", "dates", "limes"]
names = ["Ada", "Ben", "Cleo", "Dan", "Eva", "Finn"]


def sums():
    for i, (name, fruit) in enumerate(zip(names, fruits)):
        a, b = 3 + 2 * i, 4 + i
        yield (f"{name} has {a} {fruit} and buys {b} more. How many {fruit} does {name} have now?",
               f"{name} has {a}+{b} = <<{a}+{b}={a + b}>>{a + b} {fruit}.\n#### {a + b}", "")


def sentences():
    for name, fruit in zip(reversed(names), fruits):
        yield "Put the words in order of the alphabet.", ", ".join(sorted([fruit, name.lower(), "zebra"])), f"zebra, {name.lower()}, {fruit}"


exchanges = list(sums()) + list(sentences())
asked = lambda question, given: f"{question}\n\n{given}" if given else question


def lines(name, rows):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def array(name, rows):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        json.dump(list(rows), file, ensure_ascii=False, indent=1)
        file.write("\n")


def talk(question, answer, given, more=False):
    messages = [{"role": "user", "content": asked(question, given)}, {"role": "assistant", "content": answer}]
    return messages + [{"role": "user", "content": "Thank you."}, {"role": "assistant", "content": "You are welcome."}] if more else messages


lines("gsm8k.jsonl", ({"question": asked(q, given), "answer": a} for q, a, given in exchanges))
# Two instances under one instruction, as where instances were generated.
grouped = [{"id": f"task_{i}", "name": "sum", "instruction": q, "instances": [{"input": "", "output": a}], "is_classification": False} for i, (q, a, _) in enumerate(exchanges[:6])]
grouped += [{"id": f"task_{6 + i}", "name": "order", "instruction": pair[0][0], "instances": [{"input": given, "output": a} for _, a, given in pair], "is_classification": False}
            for i, pair in enumerate(zip(exchanges[6::2], exchanges[7::2]))]
lines("self-instruct.jsonl", grouped)
array("alpaca.json", ({"instruction": q, "input": given, "output": a} for q, a, given in exchanges))
lines("dolly.jsonl", ({"instruction": q, "context": given, "response": a, "category": "closed_qa"} for q, a, given in exchanges))
array("sharegpt.json", ({"id": str(i), "conversations": [{"from": "human" if m["role"] == "user" else "gpt", "value": m["content"]} for m in talk(q, a, given, more=i % 3 == 0)]} for i, (q, a, given) in enumerate(exchanges)))
lines("ultrachat-200k.jsonl", ({"prompt": asked(q, given), "prompt_id": f"{i:064x}", "messages": talk(q, a, given, more=i % 3 == 0)} for i, (q, a, given) in enumerate(exchanges)))
lines("ultrachat.jsonl", ({"id": str(i), "data": [m["content"] for m in talk(q, a, given, more=i % 3 == 0)]} for i, (q, a, given) in enumerate(exchanges)))
lines("spin.jsonl", ({"real": talk(q, a, given), "generated": talk(q, "I do not know.", given)} for q, a, given in exchanges))
lines("preferences.jsonl", ({"prompt": asked(q, given), "chosen": a, "rejected": "I do not know."} for q, a, given in exchanges))
lines("preferences-messages.jsonl", ({"prompt": asked(q, given), "chosen": talk(q, a, given), "rejected": talk(q, "I do not know.", given), "score_chosen": 1.0} for q, a, given in exchanges))
with open(os.path.join(folder, "support.csv"), "w", encoding="utf-8", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["ticket", "what they ask", "details", "what we say"])
    writer.writerows([i, q, given, a] for i, (q, a, given) in enumerate(exchanges))
