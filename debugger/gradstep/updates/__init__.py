"""What an optimizer's update is: the rules, what one is about to do, and whether one did it.

Both processes work updates out: the script's for live tensors of any size, the screen's for
recorded ones. Needs the standard library only; numpy is loaded where arrays are at hand.
"""
