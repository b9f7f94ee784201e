"""Surnames to languages: a recurrent cell written by hand reads one letter at a time."""

import random
import string

import torch
import torch.nn as nn

LETTERS = string.ascii_lowercase + " '"
NAMES = {
    "Italian": ["rossi", "bianchi", "ferrari", "ricci", "conti"],
    "Japanese": ["sato", "suzuki", "tanaka", "yamada", "kobayashi"],
    "Russian": ["ivanov", "smirnov", "popov", "volkov", "orlov"],
}
LANGUAGES = list(NAMES)


def name_to_tensor(name):
    tensor = torch.zeros(len(name), 1, len(LETTERS))
    for position, letter in enumerate(name):
        tensor[position][0][LETTERS.find(letter)] = 1
    return tensor


class RNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
        self.h2o = nn.Linear(hidden_size, output_size)
        self.softmax = nn.LogSoftmax(dim=1)

    def forward(self, letter, hidden):
        hidden = torch.tanh(self.i2h(torch.cat((letter, hidden), 1)))
        return self.softmax(self.h2o(hidden)), hidden

    def init_hidden(self):
        return torch.zeros(1, self.hidden_size)


random.seed(1)
torch.manual_seed(1)
rnn = RNN(len(LETTERS), 24, len(LANGUAGES))
criterion = nn.NLLLoss()


def read(name):
    hidden = rnn.init_hidden()
    for letter in name_to_tensor(name):
        output, hidden = rnn(letter, hidden)
    return output


running, correct = 0.0, 0
for iteration in range(1, 161):
    language = random.choice(LANGUAGES)
    name = random.choice(NAMES[language])
    target = torch.tensor([LANGUAGES.index(language)], dtype=torch.long)
    rnn.zero_grad()
    output = read(name)
    loss = criterion(output, target)
    loss.backward()
    for p in rnn.parameters():
        p.data.add_(p.grad.data, alpha=-0.05)
    running += loss.item()
    _, guess = output.topk(1)
    correct += int(guess[0].item() == target.item())
    if iteration % 20 == 0:
        print(f"{iteration} {running / 20:.5f} right {correct}")
        running, correct = 0.0, 0

confusion = torch.zeros(len(LANGUAGES), len(LANGUAGES))
with torch.no_grad():
    for row, language in enumerate(LANGUAGES):
        for name in NAMES[language]:
            confusion[row][read(name).argmax(dim=1).item()] += 1
        confusion[row] /= confusion[row].sum()
    values, indices = read("satoshi").exp().topk(3, 1, True)
print(confusion)
for value, index in zip(values[0], indices[0], strict=True):
    print(f"({value.item():.4f}) {LANGUAGES[index.item()]}")
