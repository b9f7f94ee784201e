"""Graph convolutions over a dense, normalised adjacency matrix of two communities."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.parameter import Parameter


class GraphConvolution(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(torch.FloatTensor(in_features, out_features))
        if bias:
            self.bias = Parameter(torch.FloatTensor(out_features))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self):
        bound = 1.0 / math.sqrt(self.weight.size(1))
        self.weight.data.uniform_(-bound, bound)
        if self.bias is not None:
            self.bias.data.uniform_(-bound, bound)

    def forward(self, x, adjacency):
        output = torch.mm(adjacency, torch.mm(x, self.weight))
        return output if self.bias is None else output + self.bias

    def extra_repr(self):
        return f"{self.in_features} -> {self.out_features}"


class GCN(nn.Module):
    def __init__(self, features, hidden, classes, dropout):
        super().__init__()
        self.gc1 = GraphConvolution(features, hidden)
        self.gc2 = GraphConvolution(hidden, classes, bias=False)
        self.dropout = dropout

    def forward(self, x, adjacency):
        x = F.relu(self.gc1(x, adjacency))
        x = F.dropout(x, self.dropout, training=self.training)
        return F.log_softmax(self.gc2(x, adjacency), dim=1)


def normalize(adjacency):
    adjacency = adjacency + torch.eye(adjacency.size(0))
    scale = torch.diag(adjacency.sum(1).pow(-0.5))
    return scale @ adjacency @ scale


def accuracy(output, labels):
    return output.max(1)[1].type_as(labels).eq(labels).double().mean()


torch.manual_seed(42)
nodes = 40
labels = (torch.arange(nodes) >= nodes // 2).long()
likely = torch.where(labels[:, None] == labels[None, :], 0.3, 0.05)
upper = torch.triu(torch.bernoulli(likely), diagonal=1)
adjacency = normalize(upper + upper.t())
features = torch.randn(nodes, 8) + 0.3 * labels.unsqueeze(1)
order = torch.randperm(nodes)
idx_train, idx_test = order[:12], order[12:]

model = GCN(8, 12, 2, dropout=0.5)
print(model)
optimizer = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=5e-4)
for epoch in range(30):
    model.train()
    optimizer.zero_grad()
    output = model(features, adjacency)
    loss = F.nll_loss(output[idx_train], labels[idx_train])
    loss.backward()
    optimizer.step()
    if epoch % 5 == 4:
        model.eval()
        output = model(features, adjacency)
        loss_test = F.nll_loss(output[idx_test], labels[idx_test])
        right = accuracy(output[idx_test], labels[idx_test])
        print(f"{epoch + 1:03d} train {loss:.5f} test {loss_test.item():.5f} right {right:.3f}")
