import warnings

import torch
from torch import optim

# PyTorch warns when .grad of a non-leaf is read; the value read is what matters here.
warnings.simplefilter("ignore")
a = torch.tensor([1.0], requires_grad=True)
b = torch.tensor([2.0], requires_grad=True)
surface = 3 * a**2 + b**3


def show():
    print("a.grad: ", a.grad)
    print("b.grad: ", b.grad)
    print("surface.grad: ", surface.grad)


show()
surface.backward()
show()

downhill = optim.SGD([a, b], lr=0.1)
downhill.step()
print("a:", a)
print("b:", b)
