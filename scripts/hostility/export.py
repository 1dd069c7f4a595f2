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


def export(network: Any, folder: Path) -> None:
    """Writes the checkpoint in float16 and, from those rounded weights, the int8 network, scaled for each channel."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    folder.mkdir(parents=True, exist_ok=True)
    network.eval().half().save_pretrained(str(folder))
    (folder / "model.safetensors").chmod(0o644)
    network.float()
    plain = folder / "model_fp32.onnx"
    onnx.save(_Graph(network).model(), str(plain))
    logging.getLogger().setLevel(logging.ERROR)
    # The fused operators hide their types from shape inference. The small heads gain nothing from int8.
    quantize_dynamic(
        plain,
        folder / ONNX_FILE,
        per_channel=True,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=["pooler_MatMul", "heads_MatMul", "pieces_MatMul"],
        extra_options={"DefaultTensorType": TensorProto.FLOAT},
    )
    plain.unlink()


class _Graph:
    """BERT for unpadded single texts: int64 (1, t) ids and segments -> float (1, 41) logits."""

    def __init__(self, network: Any) -> None:
        self._state: dict[str, torch.Tensor] = network.state_dict()
        self._config = network.config
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def model(self) -> Any:
        for name in ("input_ids", "token_type_ids"):
            self._add("Cast", [name], [f"{name}_32"], to=TensorProto.INT32)
        embedding = "bert.embeddings"
        self._add(
            "EmbedLayerNormalization",
            [
                "input_ids_32",
                "token_type_ids_32",
                *(
                    self._put(f"{embedding}.{name}")
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
        self._add("ReduceMean", [last], ["mean"], axes=[1], keepdims=0)
        self._add(
            "Gemm",
            ["mean", self._put("bert.pooler.dense.weight"), self._put("bert.pooler.dense.bias")],
            ["pooled"],
            name="pooler",
            transB=1,
        )
        self._add("Tanh", ["pooled"], ["pooled_tanh"])
        self._add(
            "Gemm",
            ["pooled_tanh", self._put("classifier.weight"), self._put("classifier.bias")],
            ["whole"],
            name="heads",
            transB=1,
        )
        self._pieces(last)
        self._add("Add", ["whole", "part"], ["logits"])
        ids = [
            helper.make_tensor_value_info(name, TensorProto.INT64, [1, "t"]) for name in ("input_ids", "token_type_ids")
        ]
        logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, N_OUTPUTS])
        graph = helper.make_graph(self._nodes, "hostility", ids, [logits], self._weights)
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_FUSED, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)

    def _pieces(self, hidden: str) -> None:
        """`part`: log of the mean of exp over what the pieces say. The scores are some tens at most, so that exp is finite."""
        weight = self._put_array("pieces.weight.t", np.ascontiguousarray(self._array("pieces.weight").T))
        self._add("MatMul", [hidden, weight], ["pieces.product"], name="pieces_MatMul")
        self._add("Add", ["pieces.product", self._put("pieces.bias")], ["pieces.sum"])
        self._add("Exp", ["pieces.sum"], ["pieces.exp"])
        self._add("ReduceMean", ["pieces.exp"], ["pieces.mean"], axes=[1], keepdims=0)
        self._add("Log", ["pieces.mean"], ["part"])

    def _layer(self, layer: int, x: str) -> str:
        at = f"bert.encoder.layer.{layer}"
        own = f"{at}.attention.self"
        parts = [self._array(f"{own}.{part}.weight").T for part in ("query", "key", "value")]
        biases = [self._array(f"{own}.{part}.bias") for part in ("query", "key", "value")]
        qkv = self._put_array(f"{own}.qkv.weight", np.concatenate(parts, axis=1))
        qkv_bias = self._put_array(f"{own}.qkv.bias", np.concatenate(biases))
        self._add(
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
        self._add("BiasGelu", [wide, self._put(f"{at}.intermediate.dense.bias")], [f"{wide}.gelu"], domain=_FUSED)
        narrow = self._dense(f"{wide}.gelu", f"{at}.output.dense", layer)
        return self._norm(narrow, first, f"{at}.output.LayerNorm")

    def _product(self, x: str, name: str) -> str:
        weight = self._put_array(f"{name}.weight.t", np.ascontiguousarray(self._array(f"{name}.weight").T))
        self._add("MatMul", [x, weight], [f"{name}.product"], name=name)
        return f"{name}.product"

    def _dense(self, x: str, name: str, layer: int) -> str:
        self._add("Add", [self._product(x, name), self._put(f"{name}.bias")], [f"{name}.sum"])
        return f"{name}.sum"

    def _norm(self, x: str, skip: str, name: str) -> str:
        self._add("Add", [x, skip], [f"{name}.x"])
        # Apart, these two run seven times faster on a processor than the fused SkipLayerNormalization.
        weights = [self._put(f"{name}.weight"), self._put(f"{name}.bias")]
        epsilon = self._config.layer_norm_eps
        self._add("LayerNormalization", [f"{name}.x", *weights], [f"{name}.y"], axis=-1, epsilon=epsilon)
        return f"{name}.y"

    def _array(self, name: str) -> NDArray[np.float32]:
        return np.asarray(self._state[name].float().numpy(), dtype=np.float32)

    def _put(self, name: str) -> str:
        return self._put_array(name, self._array(name))

    def _put_array(self, name: str, values: NDArray[np.float32]) -> str:
        self._weights.append(numpy_helper.from_array(values, name))
        return name

    def _add(
        self, op: str, inputs: list[str], outputs: list[str], *, name: str = "", domain: str = "", **attributes: Any
    ) -> None:
        self._nodes.append(helper.make_node(op, inputs, outputs, name=name or outputs[0], domain=domain, **attributes))
