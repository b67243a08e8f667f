"""``shapecalc render``: networks as diagrams.

:func:`dot` writes the source of a diagram for Graphviz. Every element has an id there, which is
also the id of its group in an SVG made from it. Ids are made of places in the network, never of
names, and an element has the same id at every depth:

=============  ====================================================================
``input0``     the network's first input, ``input1`` the second
``layer12``    a box that begins with ``report.layers[12]``; see ``Vertex.nodes``
``part3``      the fourth part of ``report.built.root``, counted from the front, outer parts
               before inner ones: a box where it is folded, else a frame, if it has one
``output0``    the network's first output
``edge5``      the sixth edge
=============  ====================================================================

Their classes are ``node``, ``cluster`` and ``edge``, as Graphviz has them, and with them ``input``,
``output``, ``part`` or ``layer``; ``folded`` on the box of a part; and on layers and parts the name
of their colour, such as ``convolution``. :func:`plan` gives the same boxes, frames and edges as
objects, with the layers that each stands for. :func:`memory_dot` draws memory over the layers.
"""

from shapecalc.diagram.memory import memory_dot
from shapecalc.diagram.plan import Edge, Frame, Plan, Vertex, plan
from shapecalc.diagram.write import dot

__all__ = ["Edge", "Frame", "Plan", "Vertex", "dot", "memory_dot", "plan"]
