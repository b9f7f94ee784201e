"""Methods that PyTorch's tensors have and ours lack: asked for, they name the way out."""

TENSOR_NAMES: frozenset[str] = frozenset()
