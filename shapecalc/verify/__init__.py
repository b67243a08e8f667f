"""``shapecalc check``: torch as the judge of the report and of the emitted module.

Only this package imports torch, and only when a check is run.
"""
