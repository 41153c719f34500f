"""Every key of the commands with extreme values: python tests/fuzz_settings.py --combinations 1000

A command with one or two odd settings is carried out, or refused in one or two lines. Its exit
code is 0, 2 or 3, a run that is done can be opened, no text is a traceback, and nothing takes long
or much memory. Whatever else happens is printed, and the exit code of the script is then 1.
"""

import argparse
import collections
import contextlib
import io
import os
import pathlib
import random
import re
import resource
import signal
import sys
import tempfile
import traceback

if __name__ == "__main__":
    sys.argv[0] = "aecli"  # as the console script

SECONDS = 60  # for one command
MEGABYTES = 2000  # of one command beyond what was there before
STEPS = 20  # a training that goes on for longer is well
VALUES = (
    "0", "1", "-1", "3", "0.5", "-0.5", "1e20", "1e308", "-1e308", "1e-320", "nan", "inf", "-inf",
    "9223372036854775808", "9223372036854775807", "4294967296", "2147483648", "1000000", "''",
    "x" * 1000, "null", "[]", "{}", "true", "false", r"'\frac{'", "'$\\frac{$'", "../x", "'ü 🙂'",
    "[1]", "[-1]", "[0.5]", "[nan]", "[a,b]", "[9223372036854775808]", "{a: 1}", "[[]]", "'1'",
    "'=1+1'", "'\\${x}'", "[null]", "auto", "all",
)  # fmt: skip
QUICK = [
    "dataset.limit=40", "trainer.epochs=1", "trainer.batch_size=16", "trainer.jit_compile=false",
]  # fmt: skip
OWN = ("seeds", "sweep")  # of `train`: a sweep's processes are not for one process
USES = (
    "encode", "reconstruct", "generate", "interpolate", "traverse", "denoise", "detect", "eval",
    "probe", "decode", "runs", "list", "report", "compare", "export",
    "plot-codes", "plot-factors", "plot-latent", "plot-loss", "plot-manifold", "plot-mosaic",
    "plot-reconstructions", "plot-samples",
)  # fmt: skip
CHEAP = {
    "probe": ["labels_per_class=[1]", "draws=1", "train_images=20"], "compare": ["draw=false"],
    "generate": ["n=4"], "decode": ["input=codes.npz"],
}  # fmt: skip
GROUPS = {  # what a training may consist of; metrics and figures are added to what it has
    "model": ("ae", "vae", "sparse", "sparse_kl", "denoising", "deep", "conv"),
    "network": ("mlp", "conv", "resnet"),
    "loss": (
        "binary_crossentropy",
        "mse",
        "mae",
        "gaussian",
        "continuous_bernoulli",
        "discretized_logistic",
        "discretized_logistic_mixture",
    ),
    "noise": ("none", "gaussian", "masking", "salt_and_pepper", "speckle"),
    "augment": ("[]", "flip", "shift", "crop", "colour"),
    "optimizer": ("adam", "adamw", "sgd", "rmsprop", "adadelta"),
    "schedule": ("none", "cosine", "exponential", "piecewise"),
    "callbacks": ("[]", "early_stopping", "reduce_on_plateau", "tensorboard"),
    "metrics": ("[]", "ssim", "posterior", "bounds", "trustworthiness", "probe", "clustering"),
    "figures": ("[]", "loss_curve", "reconstructions", "latent", "manifold", "codes", "samples"),
}


class Enough(BaseException):
    """A training goes on as it should."""


class TooLong(BaseException):
    """No answer."""


def training(rng: random.Random) -> list[str]:
    """Words that compose, all of them small."""
    return QUICK + [f"{group}={rng.choice(names)}" for group, names in GROUPS.items()]


def odd(rng: random.Random, command: str, words: list[str]) -> list[str]:
    """One or two settings of keys that the command has with these words."""
    from aecli.console.compose import composed, keys

    known = [key for key in keys(composed(command, words).config) if key not in OWN]
    chosen = rng.sample(known, rng.choice((1, 1, 2)))
    return [f"{key}={rng.choice(VALUES)}" for key in chosen]


def carried_out(command: str, words: list[str]) -> tuple[int | str, str]:
    """-> exit code, or what happened instead; everything that was said."""
    from aecli import dispatch

    said = io.StringIO()
    signal.alarm(SECONDS)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = dispatch.run(command, words)
    except Enough:
        code = 0
    except TooLong:
        code = "no answer"
    except BaseException:
        code = "traceback"
        said.write(traceback.format_exc())
    finally:
        signal.alarm(0)
    return code, said.getvalue()


def wrong(code: int | str, said: str) -> str:
    """What is wrong with how a command ended, "" where it is well."""
    if code not in (0, 2, 3):
        return f"exit code {code}" if isinstance(code, int) else code
    if "Traceback" in said:
        return "a traceback"
    if code == 0:
        return ""
    lines = said[said.find("error: ") :].splitlines() if "error: " in said else []
    return "" if 1 <= len(lines) <= 2 else f"{len(lines)} lines"


def unusable(root: pathlib.Path) -> str:
    """Why a run that says it is done cannot be opened."""
    from aecli import runs

    done = [info for info in runs.list_runs(root) if info.state == "done"]
    for info in done:
        try:
            runs.find(str(info.folder)).model  # noqa: B018
        except Exception as error:
            return f"done, and cannot be opened: {error}"
    return ""


def prepare(root: pathlib.Path) -> None:
    """Runs that the other commands use, and a stop for long trainings."""
    from aecli.training.callbacks.clock import Clock

    original, steps = Clock.on_train_batch_end, []

    def on_train_batch_end(clock, batch, logs=None):
        original(clock, batch, logs)
        steps.append(clock)
        if sum(one is clock for one in steps[-STEPS:]) == STEPS:
            raise Enough

    Clock.on_train_batch_end = on_train_batch_end
    os.chdir(root)
    for words in (["model=ae", "figures=[]"], ["model=vae", "figures=[]"]):
        code, said = carried_out("train", [*QUICK, *words])
        assert code == 0, said
    code, said = carried_out("encode", ["output=codes.npz"])
    assert code == 0, said


def one(rng: random.Random, place: pathlib.Path) -> tuple[str, list[str], str, str]:
    """Carry out one combination -> command, words, what is wrong, what was said."""
    from aecli import runs

    command = "train" if rng.random() < 0.7 else rng.choice(USES)
    folders = sorted(str(info.folder) for info in runs.list_runs("outputs"))
    words = training(rng) if command == "train" else list(CHEAP.get(command, ()))
    if command not in ("train", "runs", "list", "compare"):
        words.append(f"run={rng.choice(folders)}")
    settings = odd(rng, command, words)
    keys = {word.partition("=")[0] for word in settings}
    words = [word for word in words if word.partition("=")[0] not in keys] + settings
    if command == "train" and "outputs" not in keys:
        words.append(f"outputs={place}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    code, said = carried_out(command, words)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    problem = wrong(code, said) or (unusable(place) if command == "train" else "")
    return command, words, problem or (f"{grown} MB" if grown > MEGABYTES else ""), said


def fuzz(combinations: int, seed: int) -> int:
    """Returns how many combinations went wrong; prints each of them."""
    import keras

    def stop(*_):
        raise TooLong

    signal.signal(signal.SIGALRM, stop)
    counts: collections.Counter = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder, "work")
        root.mkdir()
        prepare(root)
        for number in range(combinations):
            rng = random.Random(f"{seed} {number}")
            command, words, problem, said = one(rng, root / "trained" / str(number))
            counts["wrong" if problem else "well"] += 1
            if problem:
                line = " ".join(re.sub(r"x{30,}", "x...x", word) for word in words)
                print(f"{problem}: #{number} aecli {command} {line}\n{said[-1500:]}\n", flush=True)
            keras.backend.clear_session()
        os.chdir("/")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{counts['well']} of {combinations} combinations well, {peak} MB at most")
    return counts["wrong"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--combinations", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    from aecli.console.quiet import import_tensorflow_quietly

    import_tensorflow_quietly(threads=1)
    return 1 if fuzz(options.combinations, options.seed) else 0


if __name__ == "__main__":
    sys.exit(main())
