"""Looking inside a deep recurrent classifier with hooks while its gradients are clipped."""

from functools import partial

import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

torch.manual_seed(10)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(12, 8)
        self.rnn = nn.LSTM(8, 10, num_layers=2, batch_first=True, dropout=0.1)
        self.norm = nn.LayerNorm(10)
        self.head = nn.Linear(10, 4)

    def forward(self, tokens):
        hidden, _ = self.rnn(self.embedding(tokens))
        return self.head(self.norm(hidden))


activation, gradient = {}, {}


def keep_activation(name, module, inputs, output):
    activation[name] = output.detach()


def keep_gradient(name, module, grad_input, grad_output):
    gradient[name] = grad_output[0].norm().item()


def double(module, inputs):
    return (inputs[0] * 2,)


model = Tagger()
handles = []
for name, module in model.named_children():
    if name != "rnn":
        handles.append(module.register_forward_hook(partial(keep_activation, name)))
        handles.append(module.register_full_backward_hook(partial(keep_gradient, name)))
scaled = model.head.register_forward_pre_hook(double)
model.head.weight.register_hook(lambda grad: grad.clamp(-0.05, 0.05))

tokens = torch.randint(0, 12, (16, 7))
tags = tokens.cumsum(1) % 4
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
for step in range(10):
    optimizer.zero_grad()
    logits = model(tokens)
    logits.retain_grad()
    loss = criterion(logits.reshape(-1, 4), tags.reshape(-1))
    loss.backward()
    if step < 5:
        total = clip_grad_norm_(model.parameters(), max_norm=0.25)
    else:
        total = torch.linalg.vector_norm(model.embedding.weight.grad)
        clip_grad_value_(model.parameters(), clip_value=0.02)
    optimizer.step()
    print(f"step {step} loss {loss.item():.5f} norm {total:.5f} logits {logits.grad.norm():.5f}")

for name in sorted(activation):
    print(f"{name}: output std {activation[name].std():.5f} gradient {gradient[name]:.6f}")
largest = max(p.grad.abs().max().item() for p in model.parameters())
print(f"largest gradient {largest:.5f}, head {model.head.weight.grad.abs().max():.5f}")

scaled.remove()
for handle in handles:
    handle.remove()
activation.clear()
with torch.no_grad():
    after = criterion(model(tokens).flatten(0, 1), tags.flatten())
print(f"without hooks {after.item():.5f}, kept {len(activation)}")
