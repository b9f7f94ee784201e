"""Deep Q-learning: a replay buffer, a target network that follows slowly, smooth L1."""

import math
import random
from collections import deque, namedtuple

import torch
from torch import nn, optim

Transition = namedtuple("Transition", ("state", "action", "next_state", "reward"))


class ReplayMemory:
    def __init__(self, capacity):
        self.memory = deque(maxlen=capacity)

    def push(self, *args):
        self.memory.append(Transition(*args))

    def sample(self, batch_size):
        return random.sample(self.memory, batch_size)

    def __len__(self):
        return len(self.memory)


class DQN(nn.Module):
    def __init__(self, observations, actions):
        super().__init__()
        self.layer1 = nn.Linear(observations, 24)
        self.layer2 = nn.Linear(24, 24)
        self.layer3 = nn.Linear(24, actions)

    def forward(self, x):
        x = torch.relu(self.layer1(x))
        return self.layer3(torch.relu(self.layer2(x)))


def move(state, action):
    """A cart on a line: three pushes, paid for standing near the middle."""
    x, v = state[0].tolist()
    v = 0.9 * v + 0.1 * (action - 1)
    x = x + v
    following = None if abs(x) > 1 else torch.tensor([[x, v]])
    return following, torch.tensor([1 - x * x if following is not None else -1.0])


BATCH, GAMMA, TAU = 16, 0.9, 0.05
random.seed(5)
torch.manual_seed(5)
policy_net, target_net = DQN(2, 3), DQN(2, 3)
target_net.load_state_dict(policy_net.state_dict())
optimizer = optim.AdamW(policy_net.parameters(), lr=3e-3, amsgrad=True)
memory = ReplayMemory(200)
criterion = nn.SmoothL1Loss()
state = torch.rand(1, 2) - 0.5

for step in range(80):
    if random.random() > 0.1 + 0.8 * math.exp(-step / 30):
        with torch.no_grad():
            action = policy_net(state).max(1).indices.view(1, 1)
    else:
        action = torch.tensor([[random.randrange(3)]], dtype=torch.long)
    next_state, reward = move(state, action.item())
    memory.push(state, action, next_state, reward)
    state = next_state if next_state is not None else torch.rand(1, 2) - 0.5
    if len(memory) < BATCH:
        continue

    batch = Transition(*zip(*memory.sample(BATCH), strict=True))
    non_final_mask = torch.tensor([s is not None for s in batch.next_state], dtype=torch.bool)
    non_final_next_states = torch.cat([s for s in batch.next_state if s is not None])
    values = policy_net(torch.cat(batch.state)).gather(1, torch.cat(batch.action))
    next_values = torch.zeros(BATCH)
    with torch.no_grad():
        next_values[non_final_mask] = target_net(non_final_next_states).max(1).values
    expected = (next_values * GAMMA) + torch.cat(batch.reward)
    loss = criterion(values, expected.unsqueeze(1))
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_value_(policy_net.parameters(), 100)
    optimizer.step()
    followed = target_net.state_dict()
    for key, value in policy_net.state_dict().items():
        followed[key] = value * TAU + followed[key] * (1 - TAU)
    target_net.load_state_dict(followed)
    if step % 10 == 9:
        print(f"step {step + 1} loss {loss.item():.5f} mean value {values.mean().item():.5f}")
