"""Write docs/engine-coverage.md: which of PyTorch's public names the engine has.

    python docs/engine_coverage.py           write the page from docs/torch-names.json
    python docs/engine_coverage.py --names   first read the names from the installed PyTorch anew

The names are kept in a file so that the page can be checked without PyTorch.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import sys
import types
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent / "engine"))
NAMES = DOCS / "torch-names.json"
PAGE = DOCS / "engine-coverage.md"

# Namespace, and how its public names begin where it has no `__all__`.
NAMESPACES = {
    "torch": r"[a-z]|Generator$|Size$|GradScaler$|[A-Z][a-z]*Tensor$",
    "torch.Tensor": "[A-Za-z]",
    "torch.autograd": "[A-Za-z]",
    "torch.autograd.functional": "[a-z]",
    "torch.nn": "[A-Z]",
    "torch.nn.functional": "[a-z]",
    "torch.nn.init": "[a-z]",
    "torch.nn.utils": "[a-z]",
    "torch.nn.utils.rnn": "[A-Za-z]",
    "torch.optim": "[A-Z]",
    "torch.optim.lr_scheduler": "[A-Z]",
    "torch.optim.swa_utils": "[A-Za-z]",
    "torch.utils.data": "[A-Za-z]",
    "torch.distributions": "[A-Za-z]",
    "torch.linalg": "[A-Za-z]",
    "torch.special": "[a-z]",
    "torch.random": "[a-z]",
}

# What the engine leaves out on purpose: the reason, and the names it covers, wherever they are.
LEFT_OUT = {
    "complex numbers, Fourier transforms and signal windows": (
        r"complex|^cfloat$|^cdouble$|^chalf$|conj|^real$|^imag$|angle|^polar$|view_as_real|stft"
        r"|_window$|^eig$|^eigvals$|geqrf|ormqr|^H$|^mH$|isreal"
    ),
    "quantised and very small number types": (
        r"quant(?!ile)|^q_|^qscheme|^qint|^quint|int_repr|fbgemm|choose_qparams|^bits\d|float8|float4|^u?int[1-7]$"
        r"|bfloat16|BFloat16|^uint(16|32|64)$|scaled_mm|scaled_grouped_mm|Scaling|Swizzle|grouped_mm"
    ),
    "sparse layouts": (
        r"[sS]parse|_coo$|csr|csc|_bsr|_bsc|crow_|ccol_|col_indices|row_indices|coalesce|hspmm"
        r"|sspaddmm|smm|spmm|^layout$|slice_inverse|to_dense|to_padded|^indices$|^values$"
    ),
    "devices other than the CPU": (
        r"cuda|cudnn|miopen|[mM]kldnn|^is_mps|xpu|is_ipu|is_xla|is_hpu|hip|vulkan|is_meta|is_maia"
        r"|is_mtia|is_vulkan|[pP]in_memory|is_pinned|pinned|record_stream|accelerator|Stream|Event"
        r"|get_device|acc_events|^hpu|privateuse"
    ),
    "compiling, tracing and transforms of functions": (
        r"compile|export|vmap|jit|^sym_|^Sym|dual|^fork$|^wait$|^cond$|_scan$|while_loop|script"
        r"|DispatchKey|import_ir|parse_|merge_type|unify_type|TracingState|AliasDb"
    ),
    "named dimensions": r"^names$|has_names|align_|refine_names|^rename",
    "several processes and nested tensors": (
        r"[dD]istributed|Parallel|DataPipe|nested|share_memory_?$|is_shared|multiprocessing|runtime"
        r"|functional_datapipe|guaranteed_datapipes|non_deterministic|argument_validation|DataChunk"
    ),
    "storages and memory formats": r"Storage|storage_type|memory_format|channels_|preserve_format",
    "calls that only PyTorch's own code makes": (
        r"batch_norm_|native_|embedding_renorm|_forward$|_backward|_copy$|grad_and_value|autocast_|"
        r"set_autocast|is_autocast|clear_autocast|get_autocast|rnn_.*_cell|convolution$|feature_"
        r"|^rnn_|_cell$|^lstm$|^gru$|pdist$|NestedIO|set_warn|get_warn|init_num|obj|is_neg$|neg_view"
    ),
}


def torch_names() -> dict[str, list[str]]:
    """Return the public names of the installed PyTorch, by namespace; "version" has its version."""
    torch = importlib.import_module("torch")
    found = {"version": [torch.__version__.partition("+")[0]]}
    for namespace, start in NAMESPACES.items():
        place: Any = torch.Tensor if namespace == "torch.Tensor" else _imported(namespace)
        listed = getattr(place, "__all__", None) or dir(place)
        found[namespace] = sorted(
            name
            for name in set(listed)
            if re.match(start, name) and _is_own(getattr(place, name, None))
        )
    return found


def _imported(namespace: str) -> Any:
    return importlib.import_module(namespace)


def _is_own(value: Any) -> bool:
    """Return whether a name is PyTorch's own, and no module or typing helper it imported."""
    if isinstance(value, types.ModuleType):
        return False
    home = getattr(value, "__module__", None) or "torch"
    foreign = ("typing", "collections", "functools", "warnings", "importlib", "torch.overrides")
    return not isinstance(value, dict) and not home.startswith((*foreign, "torch._jit_internal"))


def is_present(namespace: str, name: str) -> bool:
    """Return whether the engine has a name."""
    mine = namespace.replace("torch", "gradstep_engine", 1)
    try:
        place: Any = (
            importlib.import_module("gradstep_engine").Tensor
            if namespace == "torch.Tensor"
            else importlib.import_module(mine)
        )
        return getattr(place, name, None) is not None or name in getattr(place, "__dict__", {})
    except (ImportError, NotImplementedError):
        return False


def reason(name: str) -> str | None:
    """Return why a name is left out on purpose, None if it is not."""
    return next((why for why, names in LEFT_OUT.items() if re.search(names, name)), None)


def page(names: dict[str, list[str]]) -> str:
    """Return the text of the page."""
    rows: list[str] = []
    sections: list[str] = []
    for namespace in NAMESPACES:
        present = [name for name in names[namespace] if is_present(namespace, name)]
        absent = [name for name in names[namespace] if name not in set(present)]
        left_out = [name for name in absent if reason(name)]
        missing = [name for name in absent if not reason(name)]
        rows.append(f"| `{namespace}` | {len(present)} | {len(missing)} | {len(left_out)} |")
        sections += ["", f"## `{namespace}`", "", f"Present: {_listed(present)}."]
        if missing:
            sections += ["", f"Missing: {_listed(missing)}."]
        if left_out:
            sections += ["", f"Left out: {_listed(left_out)}."]
    reasons = [f"- {why}" for why in LEFT_OUT]
    return "\n".join(
        [
            "# What the engine has of PyTorch",
            "",
            f"Public names of PyTorch {names['version'][0]}, and whether the engine has them.",
            "Written by `docs/engine_coverage.py`; the tests check that it is current. How the",
            "engine differs where it has a name is in [engine.md](engine.md). Using a name that is",
            "missing raises an error with that name.",
            "",
            "| namespace | present | missing | left out on purpose |",
            "|---|---|---|---|",
            *rows,
            "",
            "Left out on purpose are",
            "",
            *reasons,
            *sections,
            "",
        ]
    )


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) if names else "none"


def main() -> None:
    """Write the page, and the names if asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--names", action="store_true", help="read the names from PyTorch anew")
    if parser.parse_args().names:
        NAMES.write_text(json.dumps(torch_names(), indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(json.loads(NAMES.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
