"""From a view's styled text to a Textual strip: meanings become the theme's colours here."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.strip import Strip

from gradstep.views.text import Span, visible

if TYPE_CHECKING:
    from textual.app import App

_COLOURS = {
    "dim": "muted",
    "faint": "faint",
    "forward": "forward",
    "backward": "backward",
    "step": "step",
    "zero": "zero",
    "zero_grad": "zero",
    "other": "muted",
    "leaf": "leaf",
    "warning": "warning",
    "error": "error",
    "success": "success",
    "accent": "primary",
    "lane0": "forward",
    "lane1": "backward",
    "lane2": "step",
    "lane3": "leaf",
    "lane4": "warning",
    "lane5": "error",
    "keyword": "code-keyword",
    "string": "code-string",
    "number": "code-number",
    "function": "code-function",
}

_ATTRIBUTES = {
    "bold": Style(bold=True),
    "italic": Style(italic=True),
    "underline": Style(underline=True),
    "reverse": Style(reverse=True),
}


class Painter:
    """The styles of one theme. Styles are parsed once per name, never per cell."""

    def __init__(self, variables: dict[str, str]) -> None:
        """Take the theme's CSS variables, as `App.theme_variables` gives them."""
        self._variables = variables
        self._styles: dict[str, Style] = {}
        self._heat: dict[int, Style] = {}
        self._halves: dict[tuple[int, int], Style] = {}

    def colour(self, variable: str) -> Color:
        """Return a theme variable as a colour; the foreground where it has no plain colour."""
        try:
            return Color.parse(self._variables[variable])
        except (KeyError, ColorParseError):
            return Color.parse(self._variables.get("foreground", "#d6dde8"))

    def style(self, names: str) -> Style:
        """Return the style for space-separated meanings such as `forward bold`."""
        found = self._styles.get(names)
        if found is None:
            found = self._styles[names] = self._compose(names.split())
        return found

    def heat(self, share: float) -> Style:
        """Return a background for a value between -1 (low) and 1 (high); 0 leaves it alone."""
        step = round(max(-1.0, min(1.0, share)) * 32)
        found = self._heat.get(step)
        if found is None:
            base = self.colour("surface")
            name = "heat-high" if step > 0 else "heat-low"
            end = self.colour(name)
            if end.ansi is None:
                found = Style(bgcolor=base.blend(end, abs(step) / 32).rich_color)
            elif abs(step) > 16:
                # The terminal's own colours do not mix: the larger half of the values has one.
                found = Style(bgcolor=end.rich_color) + self._text_on(name)
            else:
                found = Style()
            self._heat[step] = found
        return found

    def half_block(self, upper: float, lower: float) -> Style:
        """Return the style of `▀` for two values, one above the other."""
        key = (round(upper * 32), round(lower * 32))
        found = self._halves.get(key)
        if found is None:
            top, low = self.heat(upper).bgcolor, self.heat(lower).bgcolor
            found = self._halves[key] = Style(color=top, bgcolor=low)
        return found

    def segments(self, line: Iterable[Span]) -> list[Segment]:
        """Return a line's spans as segments."""
        return [Segment(visible(span.text), self.style(span.style)) for span in line if span.text]

    def strip(self, line: Iterable[Span]) -> Strip:
        """Return a line as a strip, as wide as its text."""
        return Strip(self.segments(line))

    def _text_on(self, ground: str) -> Style:
        """Return the text's style where a theme says which one a ground needs; else empty.

        Among the terminal's own colours not every one can be read on every other.
        """
        name = f"{ground}-text"
        return Style(color=self.colour(name).rich_color) if name in self._variables else Style()

    def _compose(self, names: list[str]) -> Style:
        style = Style()
        chip = "chip" in names
        for name in names:
            if name in _ATTRIBUTES:
                style += _ATTRIBUTES[name]
            elif name == "selected":
                style += Style(bgcolor=self.colour("selection").rich_color)
                style += self._text_on("selection")
            elif name.startswith("heat:"):
                style += self.heat(float(name[5:]))
            elif name in _COLOURS:
                colour = self.colour(_COLOURS[name]).rich_color
                if chip:
                    text = self.colour("chip-text").rich_color
                    style += Style(color=text, bgcolor=colour, bold=True)
                else:
                    style += Style(color=colour)
        return style


@lru_cache(maxsize=8)
def _painter(variables: tuple[tuple[str, str], ...]) -> Painter:
    return Painter(dict(variables))


_latest: tuple[object, Painter] | None = None


def painter_for(app: App[Any]) -> Painter:
    """Return the painter of the app's present theme."""
    global _latest
    variables = app.theme_variables
    # Textual makes a new mapping for a new theme only: most calls end here.
    if _latest is None or _latest[0] is not variables:
        _latest = (variables, _painter(tuple(variables.items())))
    return _latest[1]
