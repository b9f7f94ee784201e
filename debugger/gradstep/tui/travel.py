"""What the keys do that jump in time: go to, changes, marks, the list of jumps, the search."""

from __future__ import annotations

from gradstep.tui.commands import Commands
from gradstep.tui.frame import Selection
from gradstep.tui.goto import place_to_seq
from gradstep.tui.last_change import LastChange, last_change, next_change
from gradstep.tui.run_search import RunSearch
from gradstep.tui.screens.goto import GotoScreen
from gradstep.tui.screens.letter import LetterScreen
from gradstep.tui.trail import BEFORE_JUMP, Trail
from gradstep.tui.widgets.search_bar import SearchBar


class Travel(Commands):
    """The actions of the application that jump."""

    def __init__(self) -> None:
        """Start without jumps, marks or a search."""
        super().__init__()
        self.trail = Trail()
        self.search: RunSearch | None = None
        self._run_seen: object = None
        self._asked: bool | None = None

    def forget_other_run(self) -> None:
        """Marks and jumps are of one run: one that was started again has none."""
        run = self.session.run if self.session is not None else None
        if run is not self._run_seen and self._run_seen is not None:
            self.trail.clear()
            self.search = None
        self._run_seen = run

    def seek(self, seq: int, told: str = "", selection: Selection | None = None) -> None:
        """Jump to an event, remembering where from."""
        if self.session is not None:
            self.trail.jumped(self.session.cursor)
            super().seek(seq, told, selection)

    def action_to_edge(self) -> None:
        """Go back to the newest event, remembering where from."""
        if self.session is not None:
            self.trail.jumped(self.session.cursor)
        super().action_to_edge()

    def action_goto(self) -> None:
        """Ask where to go."""
        session = self.session
        if session is None or self.frame.moment is None:
            self.say("there is no event to go to yet", "warning")
            return

        def resolve(text: str) -> int:
            return place_to_seq(text, session.run, session.head, session.cursor, self.trail.marks)

        def go(seq: int | None) -> None:
            if seq is not None:
                self.seek(seq)

        self.push_screen(GotoScreen(resolve, session.head), go)

    def action_last_change(self) -> None:
        """Go to the event that last changed the shown tensor or its gradient."""
        moment, view = self.frame.moment, self.main.tensor.view
        shown = view.tensor if view is not None else None
        found = last_change(moment, self.selection, shown) if moment is not None else None
        self._go_to_change(found)

    def action_next_change(self) -> None:
        """Go to the event that changes it next."""
        moment, view = self.frame.moment, self.main.tensor.view
        shown = view.tensor if view is not None else None
        found = None
        if moment is not None:
            found = next_change(moment, self.selection, shown, self.frame.head)
        self._go_to_change(found)

    def _go_to_change(self, found: LastChange | None) -> None:
        if self.session is None or found is None:
            self.say("there is no tensor here; select one in the graph or in Locals", "warning")
        elif found.seq is None:
            self.say(found.told)
        else:
            # The tensor stays selected, so that the key finds the change before the change.
            what, gradient = self.selection.what, self.selection.gradient
            kept = Selection(tensor=found.tensor, what=what, gradient=gradient)
            if self.selection.tensor is None:
                kept = Selection(tensor=found.tensor, what=found.what)
            self.seek(found.seq, found.told, kept)

    def action_set_mark(self) -> None:
        """Put a mark on the event under the cursor."""
        session = self.session
        if session is None or not session.cursor:
            self.say("there is no event to mark yet", "warning")
            return
        seq = session.cursor

        def put(letter: str | None) -> None:
            if letter is not None:
                self.trail.set_mark(letter, seq)
                self.say(f"mark {letter} stands at event {seq:,}")
                self.paint_now()

        self.push_screen(LetterScreen(f"mark event {seq:,} with a letter: a … z"), put)

    def action_go_to_mark(self) -> None:
        """Jump to a mark, or back to before the last jump."""
        if self.session is None:
            return
        letters = "".join(sorted(set(self.trail.marks) - {BEFORE_JUMP}))
        known = f"marks: {' '.join(letters)}" if letters else "no mark is set yet"
        text = f"go to a mark ({known}); ' goes to before the last jump"

        def go(letter: str | None) -> None:
            if letter is None:
                return
            seq = self.trail.marks.get(letter)
            if seq is None:
                what = "there was no jump yet" if letter == BEFORE_JUMP else f"no mark {letter}"
                self.say(what, "warning")
            else:
                self.seek(seq)

        self.push_screen(LetterScreen(text, BEFORE_JUMP), go)

    def action_jump_back(self) -> None:
        """Go back to where the last jump began."""
        seq = self.trail.back(self.session.cursor) if self.session is not None else None
        if seq is None:
            self.say("no jump lies before this one")
        else:
            super().seek(seq)

    def action_jump_forth(self) -> None:
        """Take back a jump back."""
        seq = self.trail.forth()
        if seq is None:
            self.say("no jump lies ahead")
        else:
            super().seek(seq)

    # The search

    @property
    def search_bar(self) -> SearchBar:
        """The row to search in."""
        return self.main.query_one(SearchBar)

    def action_search(self) -> None:
        """Search the run."""
        if self.session is None or self.frame.moment is None:
            self.say("there is nothing to search yet", "warning")
            return
        self.search_bar.open(self.main.focused)

    def on_search_bar_changed(self, message: SearchBar.Changed) -> None:
        """Search for another text."""
        self._asked = None
        self._begin_search(message.text)

    def on_search_bar_asked(self, message: SearchBar.Asked) -> None:
        """Go on through what was found."""
        self.action_search_next(message.backward)

    def on_search_bar_closed(self, message: SearchBar.Closed) -> None:
        """A search that nobody waits for ends."""
        if self.search is not None and not self.search.is_done:
            self.workers.cancel_group(self, "search")
            self.search = None

    def _begin_search(self, text: str) -> None:
        session = self.session
        self.workers.cancel_group(self, "search")
        before, self.search = self.search, None
        if session is None or not text.strip():
            self.search_bar.tell("")
            return
        try:
            self.search = RunSearch(session.run, text, session.head)
            self.search.was_entered = bool(before and before.text == text and before.was_entered)
        except self.session_errors as error:
            self.search_bar.tell(str(error))
            return
        self.run_worker(self.search.go(self._searched), group="search", exclusive=True)

    def _searched(self) -> None:
        """Tell how far the search is, and make the move that waited for it."""
        search = self.search
        if search is None or self.session is None or not self.has_screen:
            return
        self.search_bar.tell(search.told(self.session.cursor))
        if self._asked is not None and search.is_done:
            backward, self._asked = self._asked, None
            self._to_hit(search, backward)

    def action_search_next(self, backward: bool) -> None:
        """Go to the next event found, or to the one before."""
        session, search = self.session, self.search
        if session is None or search is None:
            self.say("nothing was searched for: Ctrl-F searches the run", "warning")
            return
        if search.head != session.head:
            # The run went on: look at the rest as well.
            self._begin_search(search.text)
            self._asked = backward
        elif search.is_done:
            self._to_hit(search, backward)
        else:
            self._asked = backward

    def _to_hit(self, search: RunSearch, backward: bool) -> None:
        assert self.session is not None
        seq = search.next(self.session.cursor, backward=backward)
        if seq is None:
            self.say(f"nothing found for {search.text}", "warning")
            return
        told = f"{search.told(seq)}: {search.text}"
        self.search_bar.tell(search.told(seq))
        if seq != self.session.cursor:
            self.seek(seq, told)
        else:
            self.say(told)
