"""Embeddings by a contrastive loss on pairs, then by a triplet loss."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(31)
centres = torch.randn(5, 8)


class Triplets(Dataset):
    """Anchor, positive of the same class, negative of another one."""

    def __init__(self, count):
        self.labels = torch.arange(count) % 5
        self.points = centres[self.labels] + 0.6 * torch.randn(count, 8)

    def __getitem__(self, index):
        same = (self.labels == self.labels[index]).nonzero(as_tuple=True)[0]
        other = torch.where(self.labels != self.labels[index])[0]
        positive = same[torch.randint(len(same), (1,))].item()
        negative = other[torch.randint(len(other), (1,))].item()
        return self.points[index], self.points[positive], self.points[negative]

    def __len__(self):
        return len(self.points)


class ContrastiveLoss(nn.Module):
    def __init__(self, margin=1.0):
        super().__init__()
        self.margin = margin

    def forward(self, first, second, different):
        distance = F.pairwise_distance(first, second, keepdim=True)
        near = (1 - different) * distance.pow(2)
        far = different * torch.clamp(self.margin - distance, min=0.0).pow(2)
        return torch.mean(near + far)


def branch():
    return nn.Sequential(
        nn.Linear(8, 32), nn.PReLU(), nn.Linear(32, 32), nn.ELU(), nn.Linear(32, 2)
    )


loader = DataLoader(Triplets(60), batch_size=20, shuffle=True, drop_last=True)
siamese, contrastive = branch(), ContrastiveLoss(margin=1.5)
optimizer = torch.optim.Adagrad(siamese.parameters(), lr=0.02)
for epoch in range(4):
    running = 0.0
    for anchor, positive, negative in loader:
        optimizer.zero_grad()
        first = siamese(torch.cat([anchor, anchor]))
        second = siamese(torch.cat([positive, negative]))
        different = torch.cat([torch.zeros(20, 1), torch.ones(20, 1)])
        loss = contrastive(first, second, different)
        loss.backward()
        optimizer.step()
        running += loss.item()
    print(f"contrastive epoch {epoch}: {running / len(loader):.5f}")

triplet_net = branch()
triplet_loss = nn.TripletMarginLoss(margin=1.0, p=2)
optimizer = torch.optim.NAdam(triplet_net.parameters(), lr=5e-3)
for epoch in range(4):
    for anchor, positive, negative in loader:
        embedded = [F.normalize(triplet_net(each), dim=1) for each in (anchor, positive, negative)]
        loss = triplet_loss(*embedded)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    closer = F.cosine_similarity(embedded[0], embedded[1]).mean().item()
    print(f"triplet epoch {epoch}: {loss.item():.5f}, similarity {closer:.5f}")
