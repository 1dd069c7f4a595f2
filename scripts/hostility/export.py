"""From a trained network to what ships: half-precision safetensors and int8 ONNX, from the very same weights.

In: a network. Out: files in a folder: `config.json`, `model.safetensors`, `model_int8.onnx`. The ONNX graph is laid
out here node by node, with ONNX Runtime's fused BERT operators: a traced graph keeps the attention in pieces.
"""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from assistant.signals.hostility.load import ONNX_FILE
from scripts.hostility.network import N_OUTPUTS

_OPSET = 17
_FUSED = "com.microsoft"
HEADS = ("pooler", "heads", "pieces", "ask", "meaning", "beside", "same")
"""The small products that gain nothing from int8."""


def export(network: Any, folder: Path) -> None:
    """Writes the checkpoint in float16 and, from those rounded weights, the int8 network."""
    folder.mkdir(parents=True, exist_ok=True)
    network.eval().half().save_pretrained(str(folder))
    (folder / "model.safetensors").chmod(0o644)
    network.float()
    graph = BertGraph(network.state_dict(), network.config)
    write_int8(_judge_model(graph), folder)


def write_int8(model: Any, folder: Path) -> None:
    """The int8 form of a model made with `BertGraph`, scaled for each channel, as the folder's `model_int8.onnx`."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    plain = folder / "model_fp32.onnx"
    onnx.save(model, str(plain))
    logging.getLogger().setLevel(logging.ERROR)
    # The fused operators hide their types from shape inference. The small heads gain nothing from int8.
    quantize_dynamic(
        plain,
        folder / ONNX_FILE,
        per_channel=True,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=[f"{head}_MatMul" for head in HEADS],
        extra_options={"DefaultTensorType": TensorProto.FLOAT},
    )
    plain.unlink()


def _judge_model(graph: "BertGraph") -> Any:
    """`logits`, float (1, 41): from the mean of all pieces, and from the surest of them."""
    hidden = graph.encoder()
    graph.add("ReduceMean", [hidden], ["mean"], axes=[1], keepdims=0)
    graph.dense_head("pooler", "mean", "bert.pooler.dense", "pooled")
    graph.add("Tanh", ["pooled"], ["pooled_tanh"])
    graph.dense_head("heads", "pooled_tanh", "classifier", "whole")
    _pieces(graph, hidden)
    graph.add("Add", ["whole", "part"], ["logits"])
    return graph.model("hostility", {"logits": N_OUTPUTS})


def _pieces(graph: "BertGraph", hidden: str) -> None:
    """`part`: log of the mean of exp over what the pieces say. The scores are some tens at most, so that exp is finite."""
    weight = graph.put_array("pieces.weight.t", np.ascontiguousarray(graph.array("pieces.weight").T))
    graph.add("MatMul", [hidden, weight], ["pieces.product"], name="pieces_MatMul")
    graph.add("Add", ["pieces.product", graph.put("pieces.bias")], ["pieces.sum"])
    graph.add("Exp", ["pieces.sum"], ["pieces.exp"])
    graph.add("ReduceMean", ["pieces.exp"], ["pieces.mean"], axes=[1], keepdims=0)
    graph.add("Log", ["pieces.mean"], ["part"])


class BertGraph:
    """BERT for unpadded single texts, from `state` and its configuration: int64 (1, t) ids and segments -> what the heads add."""

    def __init__(self, state: dict[str, torch.Tensor], config: Any) -> None:
        self._state = state
        self._config = config
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def encoder(self) -> str:
        """Lays out the encoder; the name of its last hidden state, (1, t, h)."""
        for name in ("input_ids", "token_type_ids"):
            self.add("Cast", [name], [f"{name}_32"], to=TensorProto.INT32)
        embedding = "bert.embeddings"
        self.add(
            "EmbedLayerNormalization",
            [
                "input_ids_32",
                "token_type_ids_32",
                *(
                    self.put(f"{embedding}.{name}")
                    for name in (
                        "word_embeddings.weight",
                        "position_embeddings.weight",
                        "token_type_embeddings.weight",
                        "LayerNorm.weight",
                        "LayerNorm.bias",
                    )
                ),
            ],
            ["x0", "unmasked"],
            domain=_FUSED,
            epsilon=self._config.layer_norm_eps,
        )
        last = "x0"
        for layer in range(self._config.num_hidden_layers):
            last = self._layer(layer, last)
        return last

    def dense_head(self, name: str, x: str, weights: str, out: str) -> None:
        """`out` = `x` times the transpose of `weights`, with its bias."""
        self.add("Gemm", [x, self.put(f"{weights}.weight"), self.put(f"{weights}.bias")], [out], name=name, transB=1)

    def model(self, name: str, outputs: dict[str, int]) -> Any:
        """What was laid out, with outputs (1, size)."""
        ids = [
            helper.make_tensor_value_info(name, TensorProto.INT64, [1, "t"]) for name in ("input_ids", "token_type_ids")
        ]
        found = [helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, size]) for output, size in outputs.items()]
        graph = helper.make_graph(self._nodes, name, ids, found, self._weights)
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_FUSED, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)

    def _layer(self, layer: int, x: str) -> str:
        at = f"bert.encoder.layer.{layer}"
        own = f"{at}.attention.self"
        parts = [self.array(f"{own}.{part}.weight").T for part in ("query", "key", "value")]
        biases = [self.array(f"{own}.{part}.bias") for part in ("query", "key", "value")]
        qkv = self.put_array(f"{own}.qkv.weight", np.concatenate(parts, axis=1))
        qkv_bias = self.put_array(f"{own}.qkv.bias", np.concatenate(biases))
        self.add(
            "Attention",
            [x, qkv, qkv_bias],
            [f"attended{layer}"],
            domain=_FUSED,
            name=f"attention{layer}",
            num_heads=self._config.num_attention_heads,
        )
        mixed = self._dense(f"attended{layer}", f"{at}.attention.output.dense", layer)
        first = self._norm(mixed, x, f"{at}.attention.output.LayerNorm")
        wide = self._product(first, f"{at}.intermediate.dense")
        self.add("BiasGelu", [wide, self.put(f"{at}.intermediate.dense.bias")], [f"{wide}.gelu"], domain=_FUSED)
        narrow = self._dense(f"{wide}.gelu", f"{at}.output.dense", layer)
        return self._norm(narrow, first, f"{at}.output.LayerNorm")

    def _product(self, x: str, name: str) -> str:
        weight = self.put_array(f"{name}.weight.t", np.ascontiguousarray(self.array(f"{name}.weight").T))
        self.add("MatMul", [x, weight], [f"{name}.product"], name=name)
        return f"{name}.product"

    def _dense(self, x: str, name: str, layer: int) -> str:
        self.add("Add", [self._product(x, name), self.put(f"{name}.bias")], [f"{name}.sum"])
        return f"{name}.sum"

    def _norm(self, x: str, skip: str, name: str) -> str:
        self.add("Add", [x, skip], [f"{name}.x"])
        # Apart, these two run seven times faster on a processor than the fused SkipLayerNormalization.
        weights = [self.put(f"{name}.weight"), self.put(f"{name}.bias")]
        epsilon = self._config.layer_norm_eps
        self.add("LayerNormalization", [f"{name}.x", *weights], [f"{name}.y"], axis=-1, epsilon=epsilon)
        return f"{name}.y"

    def array(self, name: str) -> NDArray[np.float32]:
        return np.asarray(self._state[name].float().numpy(), dtype=np.float32)

    def put(self, name: str) -> str:
        return self.put_array(name, self.array(name))

    def put_array(self, name: str, values: NDArray[np.float32]) -> str:
        self._weights.append(numpy_helper.from_array(values, name))
        return name

    def add(
        self, op: str, inputs: list[str], outputs: list[str], *, name: str = "", domain: str = "", **attributes: Any
    ) -> None:
        self._nodes.append(helper.make_node(op, inputs, outputs, name=name or outputs[0], domain=domain, **attributes))
