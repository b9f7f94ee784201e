"""A toy translation with nn.Transformer: masks, padding, a warm-up schedule, greedy decoding."""

import math

import torch
import torch.nn as nn
from torch.nn import Transformer
from torch.nn.utils.rnn import pad_sequence

torch.manual_seed(0)
PAD, BOS, EOS, VOCAB, EMB = 0, 1, 2, 14, 16


class TokenEmbedding(nn.Module):
    def __init__(self, vocab_size, emb_size):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, emb_size)
        self.positions = nn.Parameter(torch.randn(12, 1, emb_size) * 0.02)

    def forward(self, tokens):
        scale = math.sqrt(self.embedding.embedding_dim)
        return self.embedding(tokens.long()) * scale + self.positions[: tokens.size(0)]


class Seq2SeqTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.transformer = Transformer(EMB, 4, 2, 2, dim_feedforward=32, dropout=0.1)
        self.generator = nn.Linear(EMB, VOCAB)
        self.src_emb, self.tgt_emb = TokenEmbedding(VOCAB, EMB), TokenEmbedding(VOCAB, EMB)

    def forward(self, src, tgt, tgt_mask, src_padding, tgt_padding):
        src, tgt, padding = self.src_emb(src), self.tgt_emb(tgt), (src_padding, tgt_padding)
        return self.generator(self.transformer(src, tgt, None, tgt_mask, None, *padding))

    def encode(self, src):
        return self.transformer.encoder(self.src_emb(src))

    def decode(self, tgt, memory, tgt_mask):
        return self.transformer.decoder(self.tgt_emb(tgt), memory, tgt_mask)


def causal(size):
    mask = (torch.triu(torch.ones((size, size))) == 1).transpose(0, 1)
    return mask.float().masked_fill(mask == 0, float("-inf")).masked_fill(mask == 1, 0.0)


def make_batch(size):
    bodies = [torch.randint(3, VOCAB, (int(n),)) for n in torch.randint(3, 7, (size,))]
    sides = bodies, [(body - 2) % (VOCAB - 3) + 3 for body in bodies]
    ends = torch.tensor([BOS]), torch.tensor([EOS])
    return [pad_sequence([torch.cat((ends[0], b, ends[1])) for b in side]) for side in sides]


model = Seq2SeqTransformer()
for p in model.parameters():
    if p.dim() > 1:
        nn.init.xavier_uniform_(p)
loss_fn = nn.CrossEntropyLoss(ignore_index=PAD, label_smoothing=0.05)
optimizer = torch.optim.Adam(model.parameters(), lr=0.005, betas=(0.9, 0.98), eps=1e-9)
warmup = lambda step: min((step + 1) / 8, ((step + 1) / 8) ** -0.5)  # noqa: E731
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, warmup)
model.train()
for step in range(20):
    src, tgt = make_batch(12)
    tgt_input, tgt_out = tgt[:-1, :], tgt[1:, :]
    masks = causal(tgt_input.size(0)), (src == PAD).transpose(0, 1), (tgt_input == PAD).t()
    logits = model(src, tgt_input, *masks)
    optimizer.zero_grad()
    loss = loss_fn(logits.reshape(-1, logits.shape[-1]), tgt_out.reshape(-1))
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 4 == 3:
        print(f"step {step} loss {loss.item():.5f} lr {scheduler.get_last_lr()[0]:.6f}")
model.eval()
with torch.no_grad():
    memory = model.encode(make_batch(1)[0])
    ys = torch.ones(1, 1).fill_(BOS).type(torch.long)
    for _ in range(4):
        out = model.decode(ys, memory, causal(ys.size(0)).type(torch.bool)).transpose(0, 1)
        prob = torch.softmax(model.generator(out[:, -1]), dim=1)
        value, next_word = torch.max(prob, dim=1)
        print(f"p {value.item():.4f}")
        ys = torch.cat([ys, torch.ones(1, 1).type_as(ys).fill_(next_word.item())], dim=0)
