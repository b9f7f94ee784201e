"""Spanish or English: the counts of the words into a linear layer."""

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

torch.manual_seed(1)
data = [
    ("el perro duerme en la cocina", "SPANISH"),
    ("the dog sleeps in the kitchen", "ENGLISH"),
    ("hoy llueve mucho en la ciudad", "SPANISH"),
    ("it rains a lot in the city today", "ENGLISH"),
    ("mi hermana vive cerca de la playa", "SPANISH"),
    ("my sister lives near the beach", "ENGLISH"),
]
test_data = [("hoy el perro vive en la playa", "SPANISH"), ("it sleeps near me", "ENGLISH")]
word_to_ix = {}
for sentence, _ in data + test_data:
    for word in sentence.split():
        word_to_ix.setdefault(word, len(word_to_ix))
label_to_ix = {"SPANISH": 0, "ENGLISH": 1}


class BoWClassifier(nn.Module):
    def __init__(self, num_labels, vocab_size):
        super().__init__()
        self.linear = nn.Linear(vocab_size, num_labels)

    def forward(self, bow_vec):
        return F.log_softmax(self.linear(bow_vec), dim=1)


def make_bow_vector(sentence):
    vec = torch.zeros(len(word_to_ix))
    for word in sentence.split():
        vec[word_to_ix[word]] += 1
    return vec.view(1, -1)


model = BoWClassifier(len(label_to_ix), len(word_to_ix))
loss_function = nn.NLLLoss()
optimizer = optim.SGD(model.parameters(), lr=0.1)
for epoch in range(20):
    for sentence, label in data:
        model.zero_grad()
        loss = loss_function(
            model(make_bow_vector(sentence)), torch.LongTensor([label_to_ix[label]])
        )
        loss.backward()
        optimizer.step()
    if epoch % 5 == 4:
        print(f"epoch {epoch} loss {loss.item():.5f}")
with torch.no_grad():
    for sentence, label in test_data:
        print(label, model(make_bow_vector(sentence)))
print(next(model.parameters())[:, word_to_ix["perro"]])
