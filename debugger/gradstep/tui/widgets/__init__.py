"""The panes, one module each. A pane pulls what it shows from the frame and keeps no truth."""
