"""Muon for the projections, AdamW for everything else.

Muon (Jordan 2024, https://kellerjordan.github.io/posts/muon/) orthogonalizes the momentum of a weight matrix
before it is applied. On this model it needs fewer steps than AdamW for the same loss.
"""
import torch


def orthogonalize(matrix, iterations=5):
    """An approximately orthogonal matrix with the singular vectors of `matrix` (Newton-Schulz, in bfloat16)."""
    x = matrix.bfloat16()
    tall = x.shape[0] > x.shape[1]
    x = x.t().contiguous() if tall else x
    x = x / (x.norm() + 1e-7)
    for _ in range(iterations):
        gram = x @ x.t()
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * (gram @ gram)) @ x
    return (x.t() if tall else x).float()


class Optimizer:
    def __init__(self, model, muon_rate=0.02, adam_rate=3e-3, momentum=0.95, betas=(0.9, 0.97),
                 muon_decay=0.01, adam_decay=0.05):
        self.parameters = dict(model.named_parameters())
        self.muon_rate, self.adam_rate, self.momentum, self.betas = muon_rate, adam_rate, momentum, betas
        self.muon_decay, self.adam_decay = muon_decay, adam_decay
        self.steps = 0
        self.first = {name: torch.zeros_like(p) for name, p in self.parameters.items()}
        self.second = {name: torch.zeros_like(p) for name, p in self.parameters.items() if "proj" not in name}

    @torch.no_grad()
    def step(self, rate_factor, gradient_scale):
        """One update; `rate_factor` comes from the schedule, `gradient_scale` from clipping."""
        self.steps += 1
        for name, parameter in self.parameters.items():
            gradient = parameter.grad * gradient_scale
            update = self._muon if "proj" in name else self._adam
            update(name, parameter, gradient, rate_factor)
            parameter.grad = None

    def _muon(self, name, parameter, gradient, rate_factor):
        rows, columns = parameter.shape
        average = self.first[name].lerp_(gradient, 1 - self.momentum)
        direction = orthogonalize(torch.lerp(gradient, average, self.momentum))
        rate = self.muon_rate * rate_factor
        parameter.mul_(1 - rate * self.muon_decay).add_(direction, alpha=-rate * max(1, rows / columns) ** 0.5)

    def _adam(self, name, parameter, gradient, rate_factor):
        beta1, beta2 = self.betas
        first = self.first[name].lerp_(gradient, 1 - beta1)
        second = self.second[name].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        is_matrix = parameter.dim() == 2
        rate = self.adam_rate * rate_factor * (1 if is_matrix else 0.5)
        if is_matrix:
            parameter.mul_(1 - rate * self.adam_decay)
        deviation = (second / (1 - beta2 ** self.steps)).sqrt_().add_(1e-8)
        parameter.addcdiv_(first, deviation, value=-rate / (1 - beta1 ** self.steps))

    def state_dict(self):
        return {"steps": self.steps, "first": self.first, "second": self.second}

    def load_state_dict(self, state):
        self.steps, self.first, self.second = state["steps"], state["first"], state["second"]
