"""Proximal policy optimisation on a walk that should stay in the middle."""

import torch
from torch import nn
from torch.distributions import Normal
from torch.utils.data import BatchSampler, SubsetRandomSampler

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


class Walk:
    """A point with momentum; the reward is high near 0."""

    def reset(self):
        self.position, self.velocity, self.time = torch.rand(()).item() * 2 - 1, 0.0, 0
        return self.state()

    def state(self):
        return torch.tensor([self.position, self.velocity])

    def step(self, push):
        self.velocity = 0.9 * self.velocity + 0.2 * max(-1.0, min(1.0, push))
        self.position += 0.3 * self.velocity
        self.time += 1
        reward = 1.0 - self.position**2 - 0.05 * push**2
        return self.state(), reward, self.time == 20 or abs(self.position) > 2


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.actor = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
        self.critic = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
        self.log_std = nn.Parameter(torch.full((1,), -0.5))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.orthogonal_(module.weight, gain=nn.init.calculate_gain("tanh"))
                nn.init.zeros_(module.bias)

    def forward(self, state):
        return Normal(self.actor(state), self.log_std.exp()), self.critic(state).squeeze(-1)


def collect(model, episodes):
    states, actions, chances, returns, total = [], [], [], [], 0.0
    environment = Walk()
    for _ in range(episodes):
        state, rewards, done = environment.reset(), [], False
        while not done:
            with torch.no_grad():
                policy, _ = model(state)
                action = policy.sample()
                chances.append(policy.log_prob(action).sum(-1))
            states.append(state)
            actions.append(action)
            state, reward, done = environment.step(action.item())
            rewards.append(reward)
        total += sum(rewards)
        value, later = 0.0, []
        for reward in reversed(rewards):
            value = reward + 0.95 * value
            later.insert(0, value)
        returns += later
    found = [torch.stack(each) for each in (states, actions, chances)]
    return *found, torch.tensor(returns), total / episodes


model = ActorCritic()
optimizer = torch.optim.Adam(
    [
        {"params": model.actor.parameters(), "lr": 3e-3},
        {"params": [model.log_std], "lr": 1e-3},
        {"params": model.critic.parameters(), "lr": 1e-2},
    ],
    eps=1e-5,
)
for update in range(4):
    states, actions, old, returns, score = collect(model, 5)
    with torch.no_grad():
        advantage = returns - model(states)[1]
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    for _ in range(2):
        for chosen in BatchSampler(SubsetRandomSampler(range(len(states))), 40, False):
            policy, value = model(states[chosen])
            ratio = (policy.log_prob(actions[chosen]).sum(-1) - old[chosen]).exp()
            weight = advantage[chosen]
            clipped = torch.clamp(ratio, 0.8, 1.2) * weight
            actor_loss = -torch.min(ratio * weight, clipped).mean()
            critic_loss = nn.functional.smooth_l1_loss(value, returns[chosen])
            loss = actor_loss + 0.5 * critic_loss - 0.01 * policy.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
    print(f"update {update}: score {score:.3f}, critic {critic_loss.item():.4f}")
