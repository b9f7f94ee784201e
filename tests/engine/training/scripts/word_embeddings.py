"""Word vectors twice: from the two words before (n-gram), from the words around (CBOW)."""

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

torch.manual_seed(1)
CONTEXT, DIM = 2, 10
text = """the sun had set behind the hill and the wind that came over the water was cold
when the boat that we had seen from the hill came round the point and made for the shore"""
words = text.split()
vocab = sorted(set(words))
word_to_ix = {word: i for i, word in enumerate(vocab)}


def to_ids(context):
    return torch.tensor([word_to_ix[w] for w in context], dtype=torch.long)


class NGram(nn.Module):
    def __init__(self, vocab_size, dim, context):
        super().__init__()
        self.embeddings = nn.Embedding(vocab_size, dim)
        self.hidden = nn.Linear(context * dim, 32)
        self.out = nn.Linear(32, vocab_size)

    def forward(self, inputs):
        vectors = self.embeddings(inputs).view((1, -1))
        return F.log_softmax(self.out(F.relu(self.hidden(vectors))), dim=1)


class CBOW(nn.Module):
    def __init__(self, vocab_size, dim):
        super().__init__()
        self.embeddings = nn.Embedding(vocab_size, dim)
        self.linear = nn.Linear(dim, vocab_size)

    def forward(self, inputs):
        return F.log_softmax(self.linear(self.embeddings(inputs).sum(dim=0)).view(1, -1), dim=1)


ngrams = [
    ([words[i - j - 1] for j in range(CONTEXT)], words[i]) for i in range(CONTEXT, len(words))
]
around = [
    (words[i - CONTEXT : i] + words[i + 1 : i + CONTEXT + 1], words[i])
    for i in range(CONTEXT, len(words) - CONTEXT)
]
ngram, cbow = NGram(len(vocab), DIM, CONTEXT), CBOW(len(vocab), DIM)
loss_function = nn.NLLLoss()
for model, pairs, lr in ((ngram, ngrams, 0.01), (cbow, around, 0.02)):
    optimizer = optim.SGD(model.parameters(), lr=lr)
    losses = []
    for _ in range(5):
        total_loss = 0
        for context, target in pairs:
            model.zero_grad()
            loss = loss_function(model(to_ids(context)), torch.tensor([word_to_ix[target]]))
            loss.backward()
            optimizer.step()
            total_loss += loss.item()
        losses.append(total_loss)
    print(type(model).__name__, " ".join(f"{x:.5f}" for x in losses))
vectors = F.normalize(cbow.embeddings.weight.detach(), dim=1)
print(ngram.embeddings.weight[word_to_ix["wind"]])
print("near the boat", (vectors @ vectors[word_to_ix["boat"]]).topk(3).values)
print(f"{F.cosine_similarity(vectors[0], vectors[1], dim=0):.5f}")
