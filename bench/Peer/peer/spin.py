"""The step of the official SPIN trainer, in plain PyTorch: the pair is padded and stacked on the batch, the reference model runs in every step, logits of all
positions are fp32, and log-probabilities are gathered from a log-softmax over the whole vocabulary."""

import torch
import torch.nn.functional as F


class Pairs:
    """Pads real and generated sequences of some pairs to one width and stacks them: real first."""

    def __init__(self, pairs, pad):
        sequences = [pair["prompt"] + pair["real"] for pair in pairs] + [pair["prompt"] + pair["generated"] for pair in pairs]
        prompts = [len(pair["prompt"]) for pair in pairs] * 2
        width = max(map(len, sequences))
        self.count = len(pairs)
        self.ids = torch.tensor([ids + [pad] * (width - len(ids)) for ids in sequences])
        self.mask = torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids in sequences])
        self.labels = torch.tensor([[-100] * start + ids[start:] + [-100] * (width - len(ids)) for ids, start in zip(sequences, prompts)])
        self.positions = torch.arange(width).expand(len(sequences), -1)


def log_probs(model, batch):
    """Summed log-probabilities of real and of generated answers, and the logits."""
    logits, _ = model(batch.ids, batch.mask, batch.positions)
    labels = batch.labels[:, 1:].clone()
    counts = labels != -100
    labels[~counts] = 0
    tokens = torch.gather(logits[:, :-1].log_softmax(-1), 2, labels.unsqueeze(2)).squeeze(2)
    sums = (tokens * counts).sum(-1)
    return sums[: batch.count], sums[batch.count :], logits


class Trainer:
    """bf16 computes on bf16 weights and updates fp32 masters, as the official runs' engine does."""

    def __init__(self, policy, reference, beta, learning_rate, pad):
        self.policy, self.reference, self.beta, self.pad = policy, reference, beta, pad
        policy.train()
        self.parameters = list(policy.parameters())
        self.mixed = self.parameters[0].dtype != torch.float32
        self.masters = [p.detach().float() for p in self.parameters] if self.mixed else self.parameters
        self.optimizer = torch.optim.RMSprop(self.masters, lr=learning_rate)

    def loss(self, pairs):
        batch = Pairs(pairs, self.pad)
        real, generated, logits = log_probs(self.policy, batch)
        with torch.no_grad():
            reference_real, reference_generated, _ = log_probs(self.reference, batch)
        margins = (real - generated) - (reference_real - reference_generated)
        with torch.no_grad():
            real_reward, generated_reward = self.beta * (real - reference_real), self.beta * (generated - reference_generated)
            self.metrics = {
                "rewards/accuracies": (real_reward > generated_reward).float().mean().item(),
                "rewards/margins": (real_reward - generated_reward).mean().item(),
                "logits/real": logits[: batch.count].mean().item(),
                "logits/generated": logits[batch.count :].mean().item(),
            }
        return -F.logsigmoid(self.beta * margins).mean()

    def step(self, pairs, learning_rate):
        """Returns the loss and the gradient's norm before clipping."""
        loss = self.loss(pairs)
        loss.backward()
        if self.mixed:
            for master, parameter in zip(self.masters, self.parameters):
                master.grad = parameter.grad.float()
        norm = torch.nn.utils.clip_grad_norm_(self.masters, 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.optimizer.step()
        if self.mixed:
            with torch.no_grad():
                for master, parameter in zip(self.masters, self.parameters):
                    parameter.copy_(master)
        self.policy.zero_grad(set_to_none=True)
        self.optimizer.zero_grad(set_to_none=True)
        return loss.item(), norm.item()
