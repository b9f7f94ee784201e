"""The policy gradient on a corridor with its own environment class."""

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.distributions import Categorical


class Corridor:
    """Walk left or right; the right end pays one, each step costs a little."""

    length, limit = 6, 20

    def reset(self):
        self.position, self.steps = 1, 0
        return self.observe()

    def observe(self):
        state = torch.zeros(self.length)
        state[self.position] = 1.0
        return state

    def step(self, action):
        self.position = max(0, self.position + (1 if action == 1 else -1))
        self.steps += 1
        arrived = self.position == self.length - 1
        done = arrived or self.steps >= self.limit
        return self.observe(), 1.0 if arrived else -0.05, done


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine1 = nn.Linear(Corridor.length, 16)
        self.dropout = nn.Dropout(p=0.2)
        self.affine2 = nn.Linear(16, 2)
        self.saved_log_probs = []
        self.rewards = []

    def forward(self, x):
        x = F.relu(self.dropout(self.affine1(x)))
        return F.softmax(self.affine2(x), dim=1)


torch.manual_seed(543)
policy = Policy()
optimizer = optim.Adam(policy.parameters(), lr=1e-2)
eps = torch.finfo(torch.float32).eps


def select_action(state):
    probs = policy(state.unsqueeze(0))
    m = Categorical(probs)
    action = m.sample()
    policy.saved_log_probs.append(m.log_prob(action))
    return action.item()


def finish_episode(gamma=0.95):
    total, returns = 0.0, []
    for reward in reversed(policy.rewards):
        total = reward + gamma * total
        returns.insert(0, total)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + eps)
    policy_loss = [-p * r for p, r in zip(policy.saved_log_probs, returns, strict=True)]
    optimizer.zero_grad()
    policy_loss = torch.cat(policy_loss).sum()
    policy_loss.backward()
    optimizer.step()
    del policy.rewards[:], policy.saved_log_probs[:]
    return policy_loss.item()


environment, running_reward = Corridor(), 0.0
for episode in range(15):
    state, done, episode_reward = environment.reset(), False, 0.0
    while not done:
        state, reward, done = environment.step(select_action(state))
        policy.rewards.append(reward)
        episode_reward += reward
    running_reward = 0.05 * episode_reward + 0.95 * running_reward
    loss = finish_episode()
    print(f"{episode}: reward {episode_reward:.2f} running {running_reward:.4f} loss {loss:.5f}")
