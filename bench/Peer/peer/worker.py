"""The peer's side of ./studio bench peer: reads one command a line as JSON, does it, and answers in a line. See Worker.cs for the commands; both sides have the same."""

import json
import sys
import time
from pathlib import Path

import torch

from llama import Llama, read_safetensors
from spin import Trainer

folder = Path(sys.argv[1])
dtypes = {"fp32": torch.float32, "bf16": torch.bfloat16}


class Worker:
    def open(self, threads, dtype, train, checkpointing=False, learning_rate=0.0, beta=0.1):
        torch.set_num_threads(threads)
        torch.manual_seed(7)
        self.pairs = json.loads((folder / "pairs.json").read_text())
        self.model = Llama.load(folder / "model", dtypes[dtype], checkpointing)
        if train:
            reference = Llama.load(folder / "model", dtypes[dtype]).eval()
            self.trainer = Trainer(self.model, reference, beta, learning_rate, self.model.config["pad_token_id"])
        return {}

    def of(self, batch):
        return [self.pairs[i] for i in batch]

    def score(self, batches):
        return {}  # the reference runs in every step

    def step(self, batch, learning_rate):
        loss, norm = self.trainer.step(self.of(batch), learning_rate)
        return {"loss": loss, "norm": norm}

    def compare(self, batch, path):
        """The loss, and how far the gradients in the file are from ours: ‖a − b‖ / ‖b‖, over all weights and of the worst tensor."""
        loss = self.trainer.loss(self.of(batch))
        loss.backward()
        theirs, worst, difference, whole = read_safetensors(path), 0.0, 0.0, 0.0
        for name, parameter in self.model.named_parameters():
            ours = parameter.grad.float()
            apart, norm = (theirs[name] - ours).norm().item(), ours.norm().item()
            worst, difference, whole = max(worst, apart / norm), difference + apart**2, whole + norm**2
        self.model.zero_grad(set_to_none=True)
        return {"loss": loss.item(), "worst": worst, "whole": (difference / whole) ** 0.5}

    def generate(self, prompts, batch, max_new, stop):
        """A static batch: left-padded, decoded until its last answer ends, keys and values concatenated; then the next."""
        stop, lengths, self.model.training = torch.tensor(stop), [], False
        with torch.no_grad():
            for first in range(0, len(prompts), batch):
                lengths += self.answer([self.pairs[i]["prompt"] for i in prompts[first : first + batch]], max_new, stop)
        return {"lengths": lengths}

    def answer(self, prompts, max_new, stop):
        width, pad = max(map(len, prompts)), self.model.config["pad_token_id"]
        ids = torch.tensor([[pad] * (width - len(prompt)) + prompt for prompt in prompts])
        mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        running, lengths, past = torch.ones(len(prompts), dtype=torch.bool), torch.zeros(len(prompts), dtype=torch.long), None
        for _ in range(max_new):
            logits, past = self.model(ids, mask, positions, past)
            drawn = torch.multinomial(torch.softmax(logits[:, -1], dim=-1), 1).squeeze(1)
            drawn = torch.where(running, drawn, torch.full_like(drawn, pad))
            lengths += running
            running &= ~torch.isin(drawn, stop)
            if not running.any():
                break
            ids, positions = drawn[:, None], positions[:, -1:] + 1
            mask = torch.cat((mask, torch.ones(len(prompts), 1, dtype=torch.long)), dim=1)
        return lengths.tolist()

    def memory(self):
        """Peak resident memory in bytes since the last call, and the memory held now."""
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        Path("/proc/self/clear_refs").write_text("5")
        return {"peak": int(status["VmHWM"].split()[0]) * 1024, "now": int(status["VmRSS"].split()[0]) * 1024}


worker = Worker()
for line in sys.stdin:
    command = json.loads(line)
    act = getattr(worker, command.pop("do"))
    started = time.perf_counter()
    answer = act(**command)
    answer["seconds"] = time.perf_counter() - started
    print(json.dumps(answer), flush=True)
