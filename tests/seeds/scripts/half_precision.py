import torch

p, q, r, s = (
    torch.tensor(number, requires_grad=True, dtype=torch.float16) for number in (2, 3, 1, 4)
)
first = p * q
second = r * s
whole = first + second
print(whole)
whole.backward()
for name, factor in zip("pqrs", (p, q, r, s), strict=True):
    print(f"gradient of {name} = {factor.grad}")
print(p.grad)
