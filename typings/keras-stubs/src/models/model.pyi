# As layers/layer.pyi.
from typing import Any

from keras.src.layers.layer import Layer

class Model(Layer):
    def train_step(self, data: Any) -> dict[str, Any]: ...
    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any: ...

def model_from_json(json_string: str, custom_objects: Any = None) -> Any: ...
