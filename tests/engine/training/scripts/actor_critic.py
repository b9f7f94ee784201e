"""An actor and a critic on one trunk, balancing a falling stick written in plain Python."""

import math
from collections import namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Categorical

SavedAction = namedtuple("SavedAction", ["log_prob", "value"])


class Stick:
    def reset(self):
        self.angle, self.speed = float(torch.empty(1).uniform_(-0.05, 0.05)), 0.0
        return [self.angle, self.speed]

    def step(self, action):
        push = 2.0 if action == 1 else -2.0
        self.speed += 0.05 * (9.8 * math.sin(self.angle) + push * math.cos(self.angle))
        self.angle += 0.05 * self.speed
        return [self.angle, self.speed], 1.0, abs(self.angle) > 0.4


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine = nn.Linear(2, 32)
        self.action_head = nn.Linear(32, 2)
        self.value_head = nn.Linear(32, 1)
        self.saved_actions, self.rewards = [], []

    def forward(self, x):
        x = F.relu(self.affine(x))
        return F.softmax(self.action_head(x), dim=-1), self.value_head(x)


torch.manual_seed(21)
model = ActorCritic()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
environment = Stick()

for episode in range(8):
    state = environment.reset()
    for _ in range(40):
        probs, value = model(torch.tensor(state, dtype=torch.float32))
        m = Categorical(probs)
        action = m.sample()
        model.saved_actions.append(SavedAction(m.log_prob(action), value))
        state, reward, done = environment.step(action.item())
        model.rewards.append(reward)
        if done:
            break

    total, returns = 0.0, []
    for reward in model.rewards[::-1]:
        total = reward + 0.99 * total
        returns.insert(0, total)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + 1e-6)
    policy_losses, value_losses = [], []
    for (log_prob, value), target in zip(model.saved_actions, returns, strict=True):
        advantage = target - value.item()
        policy_losses.append(-log_prob * advantage)
        value_losses.append(F.smooth_l1_loss(value, torch.tensor([target])))
    optimizer.zero_grad()
    policy_loss, value_loss = torch.stack(policy_losses).sum(), torch.stack(value_losses).sum()
    (policy_loss + value_loss).backward()
    optimizer.step()
    print(
        f"episode {episode}: {len(model.rewards)} steps, "
        f"actor {policy_loss.item():.4f} critic {value_loss.item():.4f}"
    )
    model.saved_actions.clear()
    model.rewards.clear()
