"""Labels as found in files -> int64, or one line that says why not."""

import numpy as np

from aecli.errors import BadRequest

LONGEST = 256  # characters; an array of labels is as wide as the longest
LARGEST = 2**53  # floats are whole numbers up to here


def labels(
    found: list[tuple[str, np.ndarray]], counts: list[int]
) -> tuple[list[np.ndarray], tuple[str, ...] | None]:
    """(name for messages; [N] or [N, 1]) and the numbers of images -> int64 [N] each, and names.

    Whole numbers are kept; texts are numbered in alphabetical order. Raises BadRequest.
    """
    arrays = []
    for (name, array), count in zip(found, counts, strict=True):
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim != 1:
            raise BadRequest(f"{name} has shape {array.shape}; labels are one number an image, [N]")
        if len(array) != count:
            raise BadRequest(f"{name} has {len(array):,} labels for {count:,} images")
        if array.dtype.kind not in "buifU":
            raise BadRequest(f"{name} is {array.dtype}; labels are whole numbers or texts")
        if array.dtype.kind == "U" and array.dtype.itemsize > 4 * LONGEST:
            raise BadRequest(
                f"{name} has room for {array.dtype.itemsize // 4:,} characters a label, more than "
                f"{LONGEST}: shorten them"
            )
        if array.dtype.kind in "uif":
            _check_whole(name, array)
        arrays.append(array)
    if any(array.dtype.kind == "U" for array in arrays):
        return _numbered([name for name, _ in found], arrays)
    return [array.astype(np.int64) for array in arrays], None


def _check_whole(name: str, array: np.ndarray) -> None:
    with np.errstate(over="ignore", invalid="ignore"):  # found below
        exact = array.astype(np.float64) if array.dtype.kind == "f" else array
    bad = ~((exact == np.floor(exact)) & (exact >= -LARGEST) & (exact <= LARGEST))
    if bad.any():
        first = int(bad.argmax())
        raise BadRequest(
            f"{name} is {array.dtype} with fractions or NaN or numbers beyond 2**53, {bad.sum():,} "
            f"in all, the first at [{first}]: {array[first]}; labels are whole numbers or texts"
        )


def _numbered(
    where: list[str], arrays: list[np.ndarray]
) -> tuple[list[np.ndarray], tuple[str, ...]]:
    texts = [np.ascontiguousarray(array.astype(str)) for array in arrays]
    for name, column in zip(where, texts, strict=True):
        points = column.view(np.uint32).reshape(len(column), -1)
        bad = ((points > 0x10FFFF) | ((points >= 0xD800) & (points <= 0xDFFF))).any(axis=1)
        if bad.any():
            raise BadRequest(
                f"{name} has {bad.sum():,} labels that are not Unicode text, the first at "
                f"[{bad.argmax()}]; write them as text or as whole numbers"
            )
    names = np.unique(np.concatenate(texts))
    numbers = [np.searchsorted(names, column).astype(np.int64) for column in texts]
    return numbers, tuple(names.tolist())


MOST = 10_000  # a label that may stand beside texts


def as_trained(
    name: str,
    numbers: np.ndarray | None,
    names: tuple[str, ...] | None,
    trained_names: tuple[str, ...] | None,
    trained: list[int] | None,
) -> tuple[np.ndarray | None, tuple[str, ...] | None]:
    """Labels of another file -> the training's numbers for them, and the names of all.

    numbers: [N] int64 or None, with the file's own `names`; trained: the labels of the training,
    None without. A text that the training does not know gets a number after all of its own. Raises
    BadRequest where the file has texts, and the training numbers that cannot be counted past.
    """
    if numbers is None:
        return None, trained_names
    if names is None:
        top = int(numbers.max(initial=-1))
        if trained_names is None or not len(trained_names) <= top < MOST:
            return numbers, trained_names
        return numbers, (*trained_names, *map(str, range(len(trained_names), top + 1)))
    if trained_names is None and trained and not 0 <= min(trained) <= max(trained) < MOST:
        raise BadRequest(
            f"{name} has texts as labels, as {names[0]!r}; this run was trained with the numbers "
            f"{min(trained)} to {max(trained)}: write these"
        )
    known = list(trained_names or map(str, range(max(trained, default=-1) + 1 if trained else 0)))
    known += [text for text in names if text not in set(known)]
    places = {text: i for i, text in enumerate(known)}
    return np.array([places[text] for text in names], np.int64)[numbers], tuple(known)
