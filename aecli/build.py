"""From a config to objects: the only caller of hydra.utils.instantiate, behind an allow-list."""

import inspect
from typing import Any

import hydra
import hydra.errors
from omegaconf import DictConfig, OmegaConf

from aecli import targets, typed
from aecli.component import check_arguments
from aecli.datasets.vocabulary import Vocabulary
from aecli.errors import BadRequest, UnknownKeys
from aecli.training import keras_arguments
from aecli.untrusted import plain_yaml


def component(node: DictConfig | dict | None, key: str, **extra: Any) -> Any:
    """The object that a config node's `_target_` names, built from the node's other keys.

    Raises BadRequest for a target outside the allow-list (before it is imported) and for keys
    that its constructor does not take or whose values it refuses.
    """
    node = plain(node or {})
    return _built(targets.checked(node, key), node, key, extra)


def _built(target: type, node: dict, key: str, extra: dict[str, Any]) -> Any:
    """The object of a node that was looked through; components inside of it first."""
    _check_keys(target, node, key, extra)
    parts = {}
    for name, value in node.items():
        if isinstance(value, dict) and "_target_" in value:
            inner = f"{key}.{name}"
            parts[name] = _built(targets.checked(value, inner, inside=True), value, inner, {})
    node = {name: value for name, value in node.items() if name not in parts}
    extra = extra | parts
    if target.__module__.startswith("aecli."):
        node = check_arguments(target, node, key)
    elif arguments := keras_arguments.of(node["_target_"]):
        node = check_arguments(arguments, node, key)
    try:  # extra goes in by hand: Hydra would take a dataclass for a config
        partial = hydra.utils.instantiate(node | {"_partial_": True}, _convert_="all")
    except hydra.errors.InstantiationException as error:
        cause = error.__cause__ or error
        raise cause if isinstance(cause, BadRequest) else BadRequest(f"{key}: {cause}") from None
    try:
        return partial(**extra)
    except BadRequest as error:  # a component knows its group; the key may have a name more
        raise error.moved(getattr(target, "group", key.partition(".")[0]), key) from None
    except (TypeError, ValueError) as error:
        raise BadRequest(f"{key}: {error}") from error


def plain(node: DictConfig | dict) -> dict:
    """Resolved, and in dicts and lists."""
    if isinstance(node, DictConfig):
        found: Any = OmegaConf.to_container(node, resolve=True, throw_on_missing=True)
        return found
    return node


def refuse_unstorable(config: DictConfig) -> None:
    """Raises BadRequest, which names the key, for a config that no run could be opened with."""
    plain_yaml.refuse_unreadable(OmegaConf.to_yaml(config, resolve=True))


def _check_keys(target: type, node: dict, key: str, extra: dict) -> None:
    parameters = inspect.signature(target).parameters
    known = [name for name in parameters if name not in ("self", "kwargs", *extra)]
    unknown = [name for name in node if name not in known and name != "_target_"]
    if unknown and inspect.Parameter.VAR_KEYWORD not in (p.kind for p in parameters.values()):
        text = (
            f"{key} is of the class {target.__name__}, which has no key {unknown[0]!r}; "
            f"it has {', '.join(known) or 'none'}"
        )
        raise UnknownKeys(text, [f"{key}.{name}" for name in unknown])
    missing = [
        name for name in known
        if name not in node and parameters[name].default is inspect.Parameter.empty
        and parameters[name].kind not in (inspect.Parameter.VAR_KEYWORD,)
    ]  # fmt: skip
    if missing:
        raise BadRequest("is missing", f"{key}.{missing[0]}")


def components(nodes: DictConfig | dict | None, group: str, **extra: Any) -> dict[str, Any]:
    """{name: object} of a group's chosen options; an option set to null is left out.

    Of `extra`, each object gets what its constructor asks for by name.
    """
    built = {}
    for name, node in plain(nodes or {}).items():
        if node is None:
            continue
        key = f"{group}.{name}"
        if isinstance(node, dict) and node and "_target_" not in node:
            raise BadRequest(
                f"{key} has settings, but {name} is not among the chosen {group}\n"
                f"choose it: {group}=[{name}], or leave its settings out: {typed.word(f'~{key}')}"
            )
        wanted = inspect.signature(targets.checked(node, key)).parameters
        built[name] = component(node, key, **{k: v for k, v in extra.items() if k in wanted})
    return built


def takes(node: DictConfig | dict | None, argument: str, group: str = "callbacks") -> bool:
    """Whether the constructor of a node's target asks for `argument` by name."""
    if node is None:
        return False
    return argument in inspect.signature(targets.checked(plain(node), group)).parameters


def model(
    config: DictConfig | dict,
    data_shape: tuple[int, int, int],
    label_count: int | None = None,
    columns: dict[str, list] | None = None,
    vocabulary: Vocabulary | None = None,
    train_count: int | None = None,
):
    """The Autoencoder of a train config, with fresh weights from config.seed.

    label_count: how many labels the data have, None where they have none. columns: of a table, for
    a loss that knows them (datasets.layout); vocabulary: None for what is no text. train_count: how
    many examples it is trained on. Raises BadRequest for a model that needs what is not stated.
    """
    import keras

    from aecli import models as models

    precision = component(config.get("trainer"), "trainer").precision
    keras.utils.set_random_seed(config["seed"])
    keras.config.set_dtype_policy(precision)
    try:
        extra: dict[str, Any] = {
            "data_shape": tuple(data_shape),
            "network": _told(config, "network", columns, vocabulary),
            "reconstruction_loss": _told(config, "loss", columns, vocabulary),
        }
        if takes(node := config.get("model"), "label_count", "model"):
            extra["label_count"] = _label_count(plain(node or {}), label_count)
        if takes(node, "train_count", "model"):
            if train_count is None:
                raise BadRequest(
                    "this model needs to know how many examples it is trained on: "
                    "build.model(..., train_count=N)"
                )
            extra["train_count"] = train_count
        built = component(config.get("model"), "model", **extra)
        built.build((None, *data_shape))
        return built
    finally:
        keras.config.set_dtype_policy("float32")


def _label_count(node: dict, label_count: int | None) -> int | None:
    """As many labels as the model of a node is told: all of them or None. Raises BadRequest."""
    from aecli.models.conditioned import NO_LABELS

    if not targets.checked(node, "model").asks_for_labels(node):
        return None
    if label_count is None:
        way = "model.condition=none" if "condition" in node else "another model"
        raise BadRequest(f"{NO_LABELS}{way}, or data with labels")
    return label_count


FOR_TEXT = {"network": "seq2seq", "loss": "categorical"}


def _told(
    config: DictConfig | dict,
    group: str,
    columns: dict[str, list] | None,
    vocabulary: Vocabulary | None,
):
    """The component of a group, told what it asks for: columns, and how many tokens there are.

    Raises BadRequest where it is of text and the data are not, or the other way round.
    """
    node = config.get(group)
    extra: dict[str, Any] = {"columns": columns} if takes(node, "columns", group) else {}
    if takes(node, "token_count", group) == (vocabulary is not None):
        extra |= {} if vocabulary is None else {"token_count": vocabulary.size}
        return component(node, group, **extra)
    if vocabulary is None:
        raise BadRequest(f"this {group} is of text, and the data are none: take another {group}")
    raise BadRequest(f"the data are text, and this {group} is not: {group}={FOR_TEXT[group]}")


def preparation(config: DictConfig | dict, is_text: bool = False):
    """The feed.Preparation of a train config: what happens to an image before the model.

    Raises BadRequest for noise on text.
    """
    from aecli.training.feed import Preparation

    if is_text and component(config["noise"], "noise").is_noisy:
        raise BadRequest(
            "noise is of numbers, and the tokens of text are names: take noise=none; what the "
            "decoder is shown is thinned out by network.word_dropout=0.3"
        )
    return Preparation(
        noise=component(config["noise"], "noise"),
        augment=components(config.get("augment"), "augment"),
        dynamic=config["dataset"].get("binarize") == "dynamic",
        seed=config["seed"],
    )


def optimizers(config: DictConfig | dict, players, steps: int, steps_per_epoch: int) -> dict:
    """{player: its Keras optimizer}: the first's is `optimizer`, another's `<player>_optimizer`.

    The chosen schedule is of the first one's learning rate; one that is null is as the first, with
    its schedule.
    """
    first, *others = players
    built = {first: optimizer(config, steps, steps_per_epoch)}
    for player in others:
        key = f"{player}_optimizer"
        if key not in config:
            raise BadRequest(f"{key} is missing: this model trains a {player} beside itself")
        if config[key] is None:
            built[player] = optimizer(config, steps, steps_per_epoch)
        else:
            built[player] = component(config[key], key)
    return built


def optimizer(config: DictConfig | dict, steps: int, steps_per_epoch: int):
    """The Keras optimizer, its learning rate under the chosen schedule."""
    built = component(config["optimizer"], "optimizer")
    rate = float(built.learning_rate.numpy())
    schedule = component(config["schedule"], "schedule")(rate, steps, steps_per_epoch)
    if schedule is not rate:
        node = plain(config["optimizer"]) | {"learning_rate": schedule}
        node.pop("_target_")
        return type(built)(**node)
    return built
