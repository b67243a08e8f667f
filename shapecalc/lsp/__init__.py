"""The language server: what an editor shows of a network while it is written.

``context`` and ``places`` know text, ``reading`` what a text says, ``completion``, ``hints``,
``hover`` and ``problems`` what is told of it as plain values; ``server`` alone knows the protocol,
and pygls, which is imported there and nowhere else.
"""
