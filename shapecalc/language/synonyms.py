"""What kinds are called elsewhere: by other frameworks, as functions, as methods of tensors.

Only an unknown kind is looked up here. What a name stands for is told as far as the catalogue has
it, so that an entry of the table gives way to a kind of its own name, and to kinds that come.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from shapecalc.layers import KINDS

_RESHAPING = "Reshape Flatten Unflatten"
_PADDING = "Pad ZeroPad# ConstantPad# ReflectionPad# ReplicationPad# CircularPad#"
_ARITHMETIC = "it joins two: from: [a, b]"
_IN_EVALUATION = "at work in training only; it passes its input on"
_OWN_BLOCK = "a piece of network of one's own is defined under 'blocks', by its layers"


class _Row(NamedTuple):
    """Names as :func:`_plain` has them, the kinds that they stand for, and what else to tell.

    ``otherwise`` is told where the catalogue has none of the kinds. ``#`` stands for 1d, 2d and
    3d, in kinds and names alike; in kinds alone for all of them.
    """

    names: str
    kinds: str
    note: str = ""
    otherwise: str = ""


_TABLE = (
    # weighted sums
    _Row("dense fullyconnected fullconnect fc innerproduct gemm affine addmm denselayer", "Linear"),
    _Row("timedistributed", "Linear", "it works on the last dimension, at every step"),
    _Row("conv convolution convnd", "Conv#"),
    _Row("convolution#", "Conv#"),
    _Row("conv1x1 pointwiseconv pointwiseconv#", "Conv#", "with kernel_size: 1"),
    _Row("conv3x3", "Conv2d", "with kernel_size: 3 and padding: 1"),
    _Row(
        "deconv deconvolution transposedconv convtranspose convtransposed upconv", "ConvTranspose#"
    ),
    _Row("deconv# conv#transpose transposedconv# upconv#", "ConvTranspose#"),
    _Row("depthwiseconv# depthwiseconv dwconv", "Conv#", "with groups: in_channels"),
    _Row(
        "separableconv# separableconv depthwiseseparableconv depthwiseseparableconv#",
        "Conv#",
        "two of them: one with groups: in_channels, one with kernel_size: 1",
    ),
    _Row("dilatedconv atrousconv dilatedconv# atrousconv#", "Conv#", "with a dilation"),
    _Row("groupconv groupedconv groupconv# groupedconv#", "Conv#", "with groups"),
    _Row("embed lookup lookuptable gather", "Embedding"),
    # pools
    _Row("pool pooling maxpool maxpooling", "MaxPool#"),
    _Row("maxpooling#", "MaxPool#"),
    _Row("averagepool averagepooling avgpool avgpooling meanpool meanpooling", "AvgPool#"),
    _Row("averagepooling# averagepool# avgpooling# meanpool#", "AvgPool#"),
    _Row(
        "globalaveragepooling# globalaveragepool# globalavgpool#",
        "AdaptiveAvgPool#",
        "with output_size: 1, and a Flatten behind it",
    ),
    _Row(
        "globalaveragepool globalaveragepooling globalavgpool globalpool gap",
        "AdaptiveAvgPool#",
        "with output_size: 1, and a Flatten behind it",
    ),
    _Row(
        "globalmaxpooling# globalmaxpool# globalmaxpooling globalmaxpool",
        "AdaptiveMaxPool#",
        "with output_size: 1, and a Flatten behind it",
    ),
    _Row("adaptivepool adaptiveavgpool adaptiveaveragepool", "AdaptiveAvgPool#"),
    _Row(
        "max amax reducemax argmax", "Max AdaptiveMaxPool#", "with output_size: 1 over all places"
    ),
    _Row("min amin reducemin argmin", "Min", "", "AdaptiveMaxPool2d has the same sizes"),
    _Row("mean reducemean avg", "Mean AdaptiveAvgPool#"),
    _Row("reducesum", "Sum", "", "Mean has the same sizes"),
    _Row(
        "maxunpool maxunpool# maxunpooling maxunpooling#",
        "MaxUnpool#",
        "",
        "left out: it takes the places of the maxima, a second output of its pool, and a layer has "
        "one here; Upsample has the same sizes",
    ),
    _Row("unpool unpooling avgunpool#", "Upsample"),
    _Row("roipool roialign spatialpyramidpooling", "AdaptiveMaxPool2d AdaptiveAvgPool2d"),
    # normalisation
    _Row("batchnormalization batchnormalisation batchnorm bn syncbatchnorm", "BatchNorm#"),
    _Row("batchnormalization# bn#", "BatchNorm#"),
    _Row("layernormalization layernormalisation ln", "LayerNorm"),
    _Row("layernorm#", "LayerNorm GroupNorm", "GroupNorm: 1 is over channels and places"),
    _Row("groupnormalization groupnormalisation gn", "GroupNorm"),
    _Row(
        "instancenormalization instancenormalisation instancenorm",
        "InstanceNorm#",
    ),
    _Row("rmsnormalization rootmeansquarenorm", "RMSNorm"),
    _Row("lrn localresponsenormalization crossmaplrn2d", "LocalResponseNorm"),
    _Row("norm normalization", "BatchNorm# LayerNorm GroupNorm"),
    # activations
    _Row(
        "activation nonlinearity",
        "",
        otherwise="an activation is an entry by its own name, such as ReLU",
    ),
    _Row("swish", "SiLU"),
    _Row("hardsilu hswish", "Hardswish"),
    _Row("hsigmoid", "Hardsigmoid"),
    _Row("lrelu leaky", "LeakyReLU"),
    _Row("quickgelu newgelu geluapproximate", "GELU"),
    _Row("clip clamp", "Hardtanh", "with min_val and max_val"),
    # reshaping
    _Row("view viewas reshapeas resizeas ravel unravel", _RESHAPING),
    _Row("reshape", _RESHAPING),
    _Row("transpose swapaxes swapdims movedim moveaxis t mt", "Transpose Permute"),
    _Row("permutedimensions permutedims", "Permute"),
    _Row("rearrange", "Rearrange Unflatten Permute Flatten"),
    _Row("expanddims newaxis", "Unsqueeze"),
    _Row("crop cropping cropping# narrow select indexselect getitem stridedslice", "Slice"),
    _Row("split tensorsplit unbind", "Split Chunk Slice"),
    _Row(
        "repeatvector tile expand",
        "Expand Tile",
        "",
        "Upsample repeats cells, and Concat whole inputs",
    ),
    # joins
    _Row(
        "cat concatenate concatenation merge route depthconcat", "Concat", "it joins: from: [a, b]"
    ),
    _Row("sum plus eltwise elementwiseadd addv2 iadd", "Sum Add", _ARITHMETIC),
    _Row("residual skip shortcut skipconnection residualadd", "Add", _ARITHMETIC),
    _Row("sub subtract minus", "Sub", "", "Add has the same sizes"),
    _Row("multiply times prod scale", "Mul", _ARITHMETIC),
    _Row("div divide", "Div", "", "Mul has the same sizes"),
    _Row("average maximum minimum", "Maximum Minimum", "", "Add has the same sizes"),
    _Row("dot bmm mm batchmatmul", "MatMul", _ARITHMETIC),
    _Row("einsum", "Einsum MatMul"),
    # padding and resolution
    _Row("pad padding constantpad zeropad zeropadding", _PADDING),
    _Row("zeropadding#", "ZeroPad#"),
    _Row("reflectpad mirrorpad reflectionpad reflectionpadding#", "ReflectionPad#"),
    _Row("replicationpad edgepad", "ReplicationPad#"),
    _Row(
        "interpolate resize resizing resizebilinear resizenearestneighbor", "Interpolate Upsample"
    ),
    _Row(
        "upsampling upsampling# upsample# unpooling2d",
        "Upsample",
        "with scale_factor for how many times as large it becomes: size is that of the output",
    ),
    _Row("depthtospace", "PixelShuffle"),
    _Row("spacetodepth focus", "PixelUnshuffle"),
    _Row("im2col", "Unfold"),
    _Row("col2im", "Fold"),
    # attention and recurrence
    _Row(
        "attention selfattention multiheadselfattention mha additiveattention crossattention",
        "MultiheadAttention ScaledDotProductAttention",
    ),
    _Row("transformerblock encoderlayer encoderblock", "TransformerEncoderLayer"),
    _Row("decoderlayer decoderblock", "TransformerDecoderLayer"),
    _Row("simplernn elmanrnn", "RNN"),
    _Row("cudnnlstm longshorttermmemory", "LSTM"),
    _Row("cudnngru gatedrecurrentunit", "GRU"),
    _Row("bidirectional bilstm bidirectionallstm", "LSTM GRU", "with bidirectional: true"),
    # what is at work in training only
    _Row("spatialdropout#", "Dropout#"),
    _Row("gaussiandropout gaussiannoise", "Dropout", _IN_EVALUATION),
    _Row("droppath stochasticdepth dropblock dropblock#", "DropPath Identity", _IN_EVALUATION),
    _Row("noop passthrough", "Identity"),
    _Row(
        "loss crossentropyloss crossentropy mseloss nllloss bceloss bcewithlogitsloss l1loss",
        "",
        "",
        "a loss compares an output with a target; a spec describes the network alone",
    ),
    # what is no layer here
    _Row(
        "sequential modulelist moduledict container",
        "",
        otherwise="layers in a row are a list, or a block",
    ),
    _Row("module model function lambda", "", otherwise=_OWN_BLOCK),
    _Row(
        "basicblock bottleneck resblock residualblock resnetblock convblock convbnrelu",
        "",
        otherwise=_OWN_BLOCK,
    ),
    _Row(
        "convbn convrelu doubleconv denseblock mlp feedforward seblock inception",
        "",
        otherwise=_OWN_BLOCK,
    ),
    _Row(
        "input inputlayer inputs",
        "",
        otherwise="the network's input stands at the top: input: [3, 224, 224]",
    ),
    _Row(
        "output",
        "",
        otherwise="the network returns its last layer, or what 'outputs' at the top names",
    ),
    _Row("dataparallel", "", otherwise="where a network runs is no matter of its sizes"),
)


class Meant(NamedTuple):
    """What an unknown kind was probably meant to be: these kinds, and what to tell."""

    kinds: tuple[str, ...]
    hint: str
    takes_more: bool = False
    """Whether the kind alone does not say it: a field has to be set, or another kind follows."""


def meant(name: str, known: Iterable[str]) -> Meant:
    """The kinds, or blocks, that a name nobody knows stands for, and a hint that says so.

    First those that differ in case or underscores only, then those of another vocabulary, then
    those that are really near in spelling.

    >>> meant("Dense", KINDS)[:2]
    (('Linear',), 'called Linear here')
    >>> meant("F.max_pool2d", KINDS).hint
    "did you mean 'MaxPool2d'?"
    >>> meant("Lienar", KINDS).kinds, meant("Custom", KINDS).kinds
    (('Linear',), ())
    """
    known = list(known)
    plain = _plain(name)
    same = tuple(word for word in known if word.casefold().replace("_", "") == plain)
    if same:
        return Meant(same, _did_you_mean(same))
    found = _rows().get(plain)
    if found is not None:
        kinds = tuple(kind for kind in found.kinds.split() if kind in KINDS)
        if not kinds:
            return Meant((), found.otherwise or found.note)
        hint = f"called {_either(kinds)} here" + (found.note and f", {found.note}")
        return Meant(kinds, hint, found.note.startswith(("with ", "two ")))
    denoted = tuple(kind for kind in KINDS if plain in _functions(kind))
    if denoted:
        return Meant(denoted, f"called {_either(denoted)} here")
    near = tuple(_near(plain, known))
    return Meant(near, _did_you_mean(near))


def _plain(name: str) -> str:
    """The name without a module before it, case, underscores, and what marks a variant."""
    bare = name.rpartition(".")[2].casefold().replace("_", "")
    return re.sub("^lazy(?=.)", "", bare)


def _rows() -> dict[str, _Row]:
    """The table by single names, each with the kinds of its own number of axes."""
    found: dict[str, _Row] = {}
    for row in _TABLE:
        for name in row.names.split():
            if "#" not in name:
                found[name] = row._replace(kinds=_of_every_rank(row.kinds.split()))
                continue
            for rank in ("1d", "2d", "3d"):
                own = row._replace(kinds=row.kinds.replace("#", rank))
                found.setdefault(name.replace("#", rank), own)
    return found


def _functions(kind: str) -> set[str]:
    """The functions and methods of torch that denote a kind, by their last names."""
    return {_plain(name) for name, _ in KINDS[kind].calls()}


def _of_every_rank(kinds: list[str]) -> str:
    """The kinds with their numbers of axes: every one, but of several kinds the commonest alone."""
    ranks = ("2d", "1d", "3d") if len(kinds) == 1 else ("2d",)
    return " ".join(dict.fromkeys(kind.replace("#", rank) for kind in kinds for rank in ranks))


def _either(words: tuple[str, ...]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _did_you_mean(words: tuple[str, ...]) -> str:
    return f"did you mean {_either(tuple(map(repr, words)))}?" if words else ""


# -- spelling -------------------------------------------------------------------------------------

LONGEST = 40
"""The longest name that is compared with others."""

MOST_COMPARED = 1000
"""How many words a name is compared with."""


def _near(plain: str, known: list[str]) -> list[str]:
    """The known words that a slip of the keyboard may have made this of: at most three.

    A name without its number of axes is compared with words without theirs.
    """
    if not 1 < len(plain) <= LONGEST:
        return []
    has_rank = re.search("[0-9]d$", plain) is not None
    distances: dict[str, tuple[int, bool]] = {}
    for word in known[:MOST_COMPARED]:
        whole = word.casefold().replace("_", "")
        stem = whole if has_rank else re.sub("[123]d$", "", whole)
        for own in (stem, whole):  # of two as near, the whole word
            distance = _slips(plain, own), own != whole
            if distance[0] <= _allowed(min(len(plain), len(own))):
                distances[word] = min(distance, distances.get(word, distance))
    best = min(distances.values(), default=None)
    return sorted(word for word, distance in distances.items() if distance == best)[:3]


def _allowed(length: int) -> int:
    """How many slips a word of a length may have: short ones soon are another word."""
    return max(1, length // 4)


def _slips(a: str, b: str) -> int:
    """How many letters are left out, put in, wrong, or in each other's place.

    A wrong letter counts twice in a word of up to four letters.
    """
    if abs(len(a) - len(b)) > _allowed(min(len(a), len(b))):
        return LONGEST
    wrong = 2 if min(len(a), len(b)) <= 4 else 1
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            same = a[i - 1] == b[j - 1]
            least = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (0 if same else wrong))
            if i > 1 < j and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                least = min(least, before[j - 2] + 1)
            row.append(least)
        before, last = last, row
    return last[-1]
