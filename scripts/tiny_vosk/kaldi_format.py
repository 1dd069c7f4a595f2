"""Kaldi's binary files, as libvosk 0.3.45 reads them: `am/final.mdl`, `conf/mfcc.conf`, `conf/model.conf`.

Enters: folded layers. The topology is that of "chain" models: one forward density, then a self-loop density, for each phone.
There is no decision tree and no i-vector. Weight matrices are quantised to 8 bits (Kaldi's compressed matrix type 3).
"""

import dataclasses
import math
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tiny_vosk import phones
from tiny_vosk.network import FEATURES, LEFT, RIGHT, AffineLayer

MFCC_CONF = """--sample-frequency=8000
--use-energy=false
--num-mel-bins=40
--num-ceps=40
--low-freq=40
--high-freq=-200
--dither=0.0
--allow-downsample=true
"""
"""No dither, so that the same audio gives the same words."""

MODEL_CONF = """--min-active=200
--max-active=3000
--beam={beam:g}
--lattice-beam={lattice_beam:g}
--acoustic-scale=1
--frame-subsampling-factor=3
--endpoint.silence-phones=1
--frames-per-chunk=15
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=0.75
--endpoint.rule4.min-trailing-silence=1.0
"""

COMPRESS_ABOVE = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Scoring:
    """`acoustic_scale` is folded into the output; `garbage` is the cost of a frame of `[unk]` before that scale; `prior`
    is how much of the densities' log prior is taken off a network that was not sequence-trained."""

    acoustic_scale: float = 1.5
    garbage: float = 2.0
    prior: float = 0.7
    beam: float = 13.0
    lattice_beam: float = 6.0


def _token(name: str) -> bytes:
    return name.encode() + b" "


def _int(value: int) -> bytes:
    return b"\x04" + struct.pack("<i", value)


def _float(value: float) -> bytes:
    return b"\x04" + struct.pack("<f", value)


def _ints(values: list[int]) -> bytes:
    return _int(len(values)) + np.asarray(values, "<i4").tobytes()


def _vector(values: npt.ArrayLike) -> bytes:
    array = np.asarray(values, "<f4")
    return b"FV " + _int(len(array)) + array.tobytes()


def _matrix(values: npt.ArrayLike) -> bytes:
    array = np.ascontiguousarray(values, "<f4")
    rows, columns = array.shape
    if array.size <= COMPRESS_ABOVE:
        return b"FM " + _int(rows) + _int(columns) + array.tobytes()
    low, high = (float(x) for x in np.percentile(array, [0.01, 99.99]))
    levels = np.clip(np.round((array - low) / (high - low) * 255), 0, 255).astype("u1")
    return _token("CM3") + struct.pack("<ffii", low, high - low, rows, columns) + levels.tobytes()


def _transition_model() -> bytes:
    count = phones.GARBAGE_ID
    out = _token("<TransitionModel>") + _token("<Topology>")
    out += _ints(list(range(1, count + 1))) + _ints([-1] + [0] * count)
    out += _int(-1) + _int(1)  # -1: forward and self-loop densities differ; one topology
    out += _int(2) + _int(0) + _int(1)  # two states; the first: forward class 0, self-loop class 1
    out += _int(2) + _int(0) + _float(0.5) + _int(1) + _float(0.5)  # its arcs: the self-loop first, then on
    out += _int(-1) + _int(-1) + _int(0)  # the last state has no density and no arcs
    out += _token("</Topology>") + _token("<Tuples>") + _int(count)
    for phone in range(1, count + 1):
        forward, loop = phones.phone_pdfs(phone)
        out += _int(phone) + _int(0) + _int(forward) + _int(loop)
    out += _token("</Tuples>") + _token("<LogProbs>") + _vector([0.0] + [math.log(0.5)] * phones.TRANSITION_IDS)
    return out + _token("</LogProbs>") + _token("</TransitionModel>")


def _affine(layer: AffineLayer) -> bytes:
    weights = _token("<LinearParams>") + _matrix(layer.weights)
    return _token("<FixedAffineComponent>") + weights + _token("<BiasParams>") + _vector(layer.bias) + _token("</FixedAffineComponent>")


def _nonlinear(kind: str, width: int) -> bytes:
    statistics = _token("<ValueAvg>") + _vector([]) + _token("<DerivAvg>") + _vector([]) + _token("<Count>") + _float(0)
    return _token(f"<{kind}>") + _token("<Dim>") + _int(width) + statistics + _token(f"</{kind}>")


def _network(layers: list[AffineLayer], garbage_row: AffineLayer) -> bytes:
    config = [f"input-node name=input dim={FEATURES}"]
    components: list[tuple[str, bytes]] = []
    source = "input"

    def add(name: str, component: bytes, entry: str) -> str:
        config.append(f"component-node name={name} component={name} input={entry}")
        components.append((name, component))
        return name

    for k, layer in enumerate(layers):
        spliced = ", ".join(source if offset == 0 else f"Offset({source}, {offset})" for offset in layer.offsets)
        source = add(f"l{k}.affine", _affine(layer), f"Append({spliced})" if len(layer.offsets) > 1 else spliced)
        if layer.rectified:
            source = add(f"l{k}.relu", _nonlinear("RectifiedLinearComponent", len(layer.bias)), source)
    source = add("softmax", _nonlinear("LogSoftmaxComponent", phones.NETWORK_PDFS), source)
    source = add("scaled.affine", _affine(garbage_row), source)
    config.append(f"output-node name=output input={source} objective=linear")
    out = _token("<Nnet3>") + b"\n" + "\n".join(config).encode() + b"\n\n"
    out += _token("<NumComponents>") + _int(len(components))
    for name, component in components:
        out += _token("<ComponentName>") + _token(name) + component
    return out + _token("</Nnet3>")


def write_acoustic_model(
    folder: Path, layers: list[AffineLayer], log_prior: npt.NDArray[np.float64] | None, scoring: Scoring
) -> None:
    """Write `folder`/am and `folder`/conf. log_prior: `(80,)`, or None for a sequence-trained network."""
    known = phones.NETWORK_PDFS
    weights = np.zeros((phones.MODEL_PDFS, known), np.float32)
    weights[:known] = np.eye(known) * scoring.acoustic_scale
    bias = np.zeros(phones.MODEL_PDFS, np.float32)
    if log_prior is not None:
        bias[:known] = -scoring.acoustic_scale * scoring.prior * log_prior
    bias[known:] = bias[:known].mean() - scoring.acoustic_scale * scoring.garbage
    out = b"\0B" + _transition_model() + _network(layers, AffineLayer(weights, bias))
    out += _token("<LeftContext>") + _int(LEFT) + _token("<RightContext>") + _int(RIGHT) + _token("<Priors>") + _vector([])
    (folder / "am").mkdir(parents=True, exist_ok=True)
    (folder / "conf").mkdir(parents=True, exist_ok=True)
    (folder / "am" / "final.mdl").write_bytes(out)
    (folder / "conf" / "mfcc.conf").write_text(MFCC_CONF)
    (folder / "conf" / "model.conf").write_text(MODEL_CONF.format(beam=scoring.beam, lattice_beam=scoring.lattice_beam))
