"""Tags by a bidirectional LSTM under a linear-chain CRF: forward algorithm and Viterbi."""

import torch
from torch import nn, optim

torch.manual_seed(43)
START, STOP = "<s>", "</s>"
sentences = [
    (
        ["the", "wall", "street", "journal", "reported", "today", "that", "apple", "made", "money"],
        ["B", "I", "I", "I", "O", "O", "O", "B", "O", "O"],
    ),
    (
        ["georgia", "tech", "is", "a", "university", "in", "georgia"],
        ["B", "I", "O", "O", "O", "O", "B"],
    ),
    (["apple", "is", "in", "georgia", "today"], ["B", "O", "O", "B", "O"]),
]
words, tags = {}, {"B": 0, "I": 1, "O": 2, START: 3, STOP: 4}
for sentence, _ in sentences:
    for word in sentence:
        words.setdefault(word, len(words))


class Tagger(nn.Module):
    def __init__(self, vocabulary, embedding=6, hidden=8):
        super().__init__()
        self.hidden = hidden
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.lstm = nn.LSTM(embedding, hidden // 2, bidirectional=True)
        self.scores = nn.Linear(hidden, len(tags))
        self.transitions = nn.Parameter(torch.randn(len(tags), len(tags)))
        self.transitions.data[tags[START], :] = -10000
        self.transitions.data[:, tags[STOP]] = -10000

    def features(self, sentence):
        state = torch.randn(2, 1, self.hidden // 2), torch.randn(2, 1, self.hidden // 2)
        output, _ = self.lstm(self.embedding(sentence).view(len(sentence), 1, -1), state)
        return self.scores(output.view(len(sentence), self.hidden))

    def partition(self, features):
        alphas = torch.full((1, len(tags)), -10000.0)
        alphas[0][tags[START]] = 0.0
        for feature in features:
            alphas = torch.stack(
                [
                    torch.logsumexp(alphas + self.transitions[to] + feature[to], dim=1)
                    for to in range(len(tags))
                ],
                dim=1,
            )
        return torch.logsumexp(alphas + self.transitions[tags[STOP]], dim=1).squeeze()

    def score(self, features, path):
        path = torch.cat([torch.tensor([tags[START]], dtype=torch.long), path])
        total = torch.zeros(1)
        for i, feature in enumerate(features):
            total = total + self.transitions[path[i + 1], path[i]] + feature[path[i + 1]]
        return total + self.transitions[tags[STOP], path[-1]]

    def viterbi(self, features):
        best, back = torch.full((len(tags),), -10000.0), []
        best[tags[START]] = 0
        for feature in features:
            values, origins = (best + self.transitions).max(dim=1)
            best = values + feature
            back.append(origins)
        final = best + self.transitions[tags[STOP]]
        path = [final.argmax().item()]
        for origins in reversed(back):
            path.append(origins[path[-1]].item())
        return final.max().item(), path[::-1][1:]


model = Tagger(len(words))
optimizer = optim.SGD(model.parameters(), lr=0.05, weight_decay=1e-4)
encoded = [
    (torch.tensor([words[w] for w in s]), torch.tensor([tags[t] for t in path]))
    for s, path in sentences
]
for epoch in range(8):
    total = 0.0
    for sentence, path in encoded:
        model.zero_grad()
        features = model.features(sentence)
        loss = model.partition(features) - model.score(features, path)
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch}: {total / len(encoded):.4f}")
with torch.no_grad():
    for sentence, path in encoded:
        score, found = model.viterbi(model.features(sentence))
        print(f"{score:.3f}", found, f"{(torch.tensor(found) == path).float().mean():.3f}")
