"""What else happens around a loop: phases, batches, schedules, clipping, modes, the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.views import numbers
from gradstep.views.cards.card import Draft, brief
from gradstep.views.reading import having, one

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow

MOST_SHOWN = 6


def explain_backward(draft: Draft, event: EventRow) -> None:
    """Write the card of a backward() that begins."""
    moment, arrow = draft.moment, draft.glyphs.arrow
    root = one(moment.run.tensors(event.seq), "root")
    name = moment.name(root.tensor) if root and root.tensor is not None else "a tensor"
    draft.head(f"{name}.backward()", "backward", (f"  line {event.line}", "dim"))
    draft.add(
        name,
        " = ",
        (brief(moment, root), "bold"),
        (f"   {arrow} d{name}/d{name} = 1 is where it starts", "dim"),
    )
    draft.say(
        "It walks the graph from here to the leaves, and adds into each leaf's .grad. "
        "No optimizer is involved."
    )
    draft.tensor = root.tensor if root else None


def explain_forward(draft: Draft, event: EventRow) -> None:
    """Write the card of a forward stretch that begins."""
    draft.head("forward", "forward", (f"  line {event.line}", "dim"))
    draft.say("Each op computes its output and remembers what its backward will need.")


def explain_fetched(draft: Draft, event: EventRow) -> None:
    """Write the card of a batch from a DataLoader."""
    moment = draft.moment
    draft.head("batch", "accent", ("  from the DataLoader", "dim"))
    for ref in having(moment.run.tensors(event.seq), "output"):
        if ref.tensor is not None:
            draft.add(moment.name(ref.tensor) + "  ", brief(moment, ref))
    indices = event.detail.get("indices")
    if indices:
        shown = ", ".join(str(i) for i in indices[:12])
        draft.add(("samples ", "dim"), shown + (", …" if len(indices) > 12 else ""))


def explain_scheduled(draft: Draft, event: EventRow) -> None:
    """Write the card of a scheduler that changed hyper-parameters."""
    arrow = draft.glyphs.arrow
    initial = bool(event.detail.get("initial"))
    draft.head(event.name, "step", ("  sets its start value" if initial else "  step", "dim"))
    before, after = event.detail.get("before") or [], event.detail.get("after") or []
    for number, (old, new) in enumerate(zip(before, after, strict=False)):
        for key, value in new.items():
            same = old.get(key) == value
            text = (
                numbers.hyper(value)
                if same
                else (f"{numbers.hyper(old.get(key))} {arrow} {numbers.hyper(value)}")
            )
            draft.add(
                (f"group {number}  ", "dim"),
                f"{key} ",
                (text, "" if same else "bold"),
                ("  unchanged" if same else "", "dim"),
            )


def explain_clipped(draft: Draft, event: EventRow) -> None:
    """Write the card of a gradient clipping, by total norm or by value."""
    raw, limit = event.detail.get("norm"), float(event.detail.get("limit", 0))
    draft.head(f"clip_grad_{event.name}_", "warning")
    if raw is None:
        draft.say(f"Every gradient was kept within ±{numbers.hyper(limit)}.")
        return
    norm = float(raw)
    if norm > limit:
        factor = limit / (norm + 1e-6)
        draft.add(
            ("total |grad| ", "dim"),
            numbers.number(norm),
            (" > ", "warning"),
            numbers.hyper(limit),
            ("  every gradient was scaled by ", "dim"),
            (f"{numbers.hyper(limit)} / {numbers.number(norm)} = {numbers.number(factor)}", "bold"),
        )
    elif norm == norm:
        draft.add(
            ("total |grad| ", "dim"),
            numbers.number(norm),
            f" ≤ {numbers.hyper(limit)}",
            ("  nothing was changed", "dim"),
        )
    else:
        draft.add(
            (
                f"{draft.glyphs.warning} total |grad| is NaN: scaling makes every gradient NaN",
                "error",
            )
        )


def explain_mode(draft: Draft, event: EventRow) -> None:
    """Write the card of a mode that changed."""
    arrow, detail = draft.glyphs.arrow, event.detail
    draft.head(
        event.name, "accent", (f"  {detail.get('before')} {arrow} {detail.get('after')}", "bold")
    )
    after = bool(detail.get("after"))
    words = {
        "training": (
            "train(): dropout drops, batch norm uses the batch's own statistics.",
            "eval(): dropout passes everything, batch norm uses its running statistics.",
        ),
        "requires_grad": (
            "From now on ops on it are recorded and backward reaches it.",
            "Frozen: backward no longer reaches it and its .grad stays as it is.",
        ),
        "grad_enabled": (
            "Ops are recorded for backward again.",
            "Ops are not recorded: nothing computed now can be differentiated.",
        ),
    }
    if event.name in words:
        draft.say(words[event.name][0 if after else 1])


def explain_written(draft: Draft, event: EventRow) -> None:
    """Write the card of a parameter that something other than an optimizer changed."""
    moment = draft.moment
    param = one(moment.run.tensors(event.seq), "param")
    name = moment.name(param.tensor) if param and param.tensor is not None else "a tensor"
    draft.head(name, "leaf", ("  written by ", "dim"), (event.name, "bold"))
    draft.add(("now ", "dim"), brief(moment, param))
    draft.say("Not by an optimizer's step().")
    draft.tensor = param.tensor if param else None


def explain_created(draft: Draft, event: EventRow) -> None:
    """Write the card of an optimizer that was made."""
    moment = draft.moment
    draft.head(event.name, "step", ("  made", "dim"))
    number = event.detail.get("optimizer")
    state = next((o for o in moment.optimizers() if o.id == number), None)
    if state is None:
        return
    for index, group in enumerate(state.groups):
        params = [moment.name(p) for p in group.get("params", ())]
        shown = ", ".join(params[:MOST_SHOWN]) + (", …" if len(params) > MOST_SHOWN else "")
        draft.add((f"group {index}  ", "dim"), f"lr {numbers.hyper(group.get('lr'))}  ", shown)
    draft.say("It holds these tensors, and will read their .grad and nothing else.")


def explain_start(draft: Draft, event: EventRow) -> None:
    """Write the card of the start of a run."""
    draft.head(event.name or "run", "accent", ("  about to run", "dim"))
    draft.add(("engine ", "dim"), str(event.detail.get("engine") or draft.moment.run.info.engine))
    draft.say("Nothing has run yet. Step, or continue to a breakpoint.")


def explain_line(draft: Draft, event: EventRow) -> None:
    """Write the card of a source line that is about to run."""
    draft.head(f"line {event.line}", "accent", (f"  in {event.name}" if event.name else "", "dim"))
    draft.say("About to run.")


def explain_output(draft: Draft, event: EventRow) -> None:
    """Write the card of something that the script printed."""
    draft.head(event.name, "dim")
    for text in str(event.detail.get("text", "")).splitlines()[:MOST_SHOWN]:
        draft.add(text)
