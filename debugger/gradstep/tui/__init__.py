"""The screen: paints views and turns keys into session calls. Holds no truth of its own."""
