"""The methods of Run that a command of the same name has, beside those that make and score."""

import functools
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aecli.api import composed
from aecli.api.opened import Opened, Path
from aecli.api.plainly import plainly
from aecli.errors import BadRequest
from aecli.io import keys, request

if TYPE_CHECKING:
    from aecli.api.found import Denoised, Finetuned, Probed, Traversal

Pair = tuple[Any, Any]  # X and its labels


class Further(Opened):
    """denoise, interpolate, traverse; probe, finetune; export."""

    def denoise(
        self, X: Any = None, labels: Any = None, *, clean: Any = None, noise: str | None = None,
        **settings: Any,
    ) -> "Denoised":  # fmt: skip
        """Returns noisy examples through the model, measured where the clean ones are known.

        X: noisy examples; with noise: clean ones, to which it is added. None: the run's own test
        part, with its noise or the stated one. clean: X without noise. noise: as `aecli list noise`
        has them; settings: its keys, stddev=0.3.
        """
        from aecli.api.found import Denoised

        said = {f"noise.{key}": value for key, value in settings.items()}
        with plainly("denoise"):
            cfg = composed.config("denoise", said | {"noise": noise})
            if clean is not None and (X is None or noise is not None):
                raise BadRequest("clean belongs to noisy examples of your own: X, without noise=")
            run = self._run if noise is None else self._run.replacing_data(noise=cfg.noise)
            request.wake(run)
            from aecli.figures import denoised as drawn
            from aecli.io import arrays, given
            from aecli.metrics import denoising

            if X is None:
                if not run.is_noisy:
                    raise BadRequest("there is no noise on these examples: noise='gaussian'")
                images = given.images(run, given.read(run, None))
                back = functools.partial(arrays.given_back, run)
            else:
                held = self._given(X, labels, beyond=True)  # noise goes beyond
                images, back = held.images, functools.partial(held.back, run)
            noisy, original = images.x, images.clean
            if noise is not None and X is not None:
                noisy, original = run.preparation.frozen(images.x)
            elif clean is not None:
                original = self._given(clean, None, are_told=False).images.x
                if len(original) != len(noisy):
                    raise BadRequest(f"clean has {len(original):,} examples; X {len(noisy):,}")
            found = denoising.denoised(run, noisy, images.labels, original)
            draw = functools.partial(drawn.rows, run, found.stages, found.rows)
            return Denoised("denoise", draw, back(found.x), back(noisy), found.rows)

    def interpolate(
        self, X: Any, labels: Any = None, *, path: str = "linear", steps: int = 11,
        label: int | str | None = None,
    ) -> Any:  # fmt: skip
        """Returns the examples on the way from one to another, both ends included: [steps, ...].

        X: the two, as X[[3, 8]] or two sentences. path: "linear" or "spherical", of their codes.
        label: what a model that is told labels is told all the way; None: that of the nearer end.
        """
        said = {"path": path, "steps": steps, "label": label}
        with plainly("interpolate"):
            cfg = composed.config("interpolate", said)
            request.check(cfg, keys.interpolate)
            if cfg.path == "both":
                raise BadRequest("path must be linear or spherical; got 'both': ask for each")
            given = self._given(X, labels)
            if len(given.images) != 2:
                raise BadRequest(f"X must be two examples, as X[[3, 8]]; got {len(given.images)}")
            from aecli.figures import interpolation
            from aecli.io import arrays, conditions

            run, ends = self._run, given.images
            told = conditions.stated(run, label)
            ways, _ = interpolation.between(run, ends.x, ends.labels, [path], steps, told)
            return arrays.given_back(run, ways[path])

    def traverse(
        self, X: Any = None, labels: Any = None, *, image: int | None = None, n_dims: int = 10,
        span: float = 3.0, steps: int = 11, label: int | str | None = None,
    ) -> "Traversal":  # fmt: skip
        """Returns each code unit in turn from low to high, decoded: the n_dims that say most.

        X: the examples whose codes tell where the others stay, and how far a unit goes without a
        prior; None: the run's own test part. image: at whose code the others stay, counted from 0;
        None: at the mean code. span: standard deviations.
        """
        said = {"image": image, "n_dims": n_dims, "span": span, "steps": steps, "label": label}
        with plainly("traverse"):
            request.check(composed.config("traverse", said), keys.traverse)
            run = self._shown(X, labels)
            from aecli.api.found import Traversal
            from aecli.figures import traversal
            from aecli.figures.traversed import check, traversed
            from aecli.io import arrays, conditions, given

            check(run)
            images = given.images(run, given.read(run, None), noise=X is None)
            if image is not None and image >= len(images):
                raise BadRequest(f"image={image}: there are {len(images):,}, counted from 0")
            told = conditions.held(run, label)
            if image is not None and label is None and run.model.label_count is not None:
                told = int(run.splits.test.needed_labels()[image])
            way = traversed(run, images, image, n_dims, span, steps, told)
            draw = functools.partial(traversal.grid, run, way.x, way.t, way.units, way.words)
            x = arrays.given_back(run, way.flat)
            if hasattr(x, "reshape"):
                x = x.reshape(*way.x.shape[:2], *x.shape[1:])
            return Traversal("traverse", draw, x, way.t, way.units)

    def probe(
        self, train: Pair | None = None, test: Pair | None = None, *,
        labels_per_class: Sequence[int] = (10, 100, 1000), draws: int = 3,
        train_images: int | None = 10_000, seed: int = 0,
    ) -> "Probed":  # fmt: skip
        """Returns how well labels are told from the codes, beside raw values and PCA of their size.

        train, test: pairs (X, labels) to fit to and to judge by; None: the run's own data.
        labels_per_class: few labels, of which `draws` draws are made; train_images: of the last
        row, at most.
        """
        said = {
            "labels_per_class": list(labels_per_class), "draws": draws, "seed": seed,
            "train_images": train_images,
        }  # fmt: skip
        with plainly("probe"):
            request.check(composed.config("probe", said), keys.probe)
            run = self._labelled(train, None, test)
            from aecli.api.found import Probed
            from aecli.figures.probe_curve import probe_curve
            from aecli.metrics.probe_curve import probed
            from aecli.runs import labelled

            values = probed(run, list(labels_per_class), draws, seed, train_images)
            draw = functools.partial(probe_curve, run, values["rows"], labelled.kinds(run))
            return Probed("probe", draw, values)

    def finetune(
        self, train: Pair | None = None, validation: Pair | None = None, test: Pair | None = None,
        *, labels_per_class: int | None = None, frozen_epochs: int = 5, epochs: int = 15,
        batch_size: int = 32, seed: int = 0, **settings: Any,
    ) -> "Finetuned":  # fmt: skip
        """Returns a classifier that starts from the run's encoder, beside one from scratch.

        train, validation, test: pairs (X, labels); None: the run's own data; validation alone None:
        the test part. labels_per_class: training examples a class, None: all. settings: further
        keys of `aecli finetune`, as learning_rate. Nothing is written; the run stays as it is.
        """
        said = settings | {
            "labels_per_class": labels_per_class, "frozen_epochs": frozen_epochs,
            "epochs": epochs, "batch_size": batch_size, "seed": seed,
        }  # fmt: skip
        with plainly("finetune"):
            cfg = composed.config("finetune", said)
            request.check(cfg, keys.finetune)
            run = self._labelled(train, validation, test)
            from aecli.api.found import Finetuned
            from aecli.figures.finetuning import finetuning as drawn
            from aecli.fit import finetuning

            rows = finetuning.rows(run, labels_per_class, seed)
            both, values = finetuning.finetuned(run, rows, cfg)
            history = {name: one.history for name, one in both.items()}
            named = {finetuning.NAMES[name]: one for name, one in history.items()}
            draw = functools.partial(drawn, run, named, values)
            model, labels = both["pretrained"].model, values["labels"]
            prepared = functools.partial(self._given, labels=None, are_told=False)
            return Finetuned("finetune", draw, values, history, model, labels, prepared)

    def export(
        self, folder: Path | None = None, *, format: str = "keras",
        parts: Sequence[str] = ("encoder", "decoder", "autoencoder"),
    ) -> pathlib.Path:  # fmt: skip
        """Returns a new folder with files that other programs run, compared with Keras.

        folder: None: eval/<time>/export_<format> in the run. format: keras, saved_model, onnx or
        litert; load.py beside them runs them. Raises RunFailed, and leaves nothing, where a file
        does not run or differs.
        """
        from aecli.io import exporting
        from aecli.io.destination import Destination
        from aecli.runs import Run

        with plainly("export"):
            asked, kind = exporting.asked_for(list(parts), format)
            run = Run(self._run.folder)
            exporting.check(run, asked)
            stated = None if folder is None else str(folder)
            to = Destination(run, stated, f"export_{format}", [""], "folder")
            return exporting.exported(run, asked, kind, to)[0]
