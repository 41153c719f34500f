"""Some files of a tar archive, plain or gzipped, read in one pass; nothing is unpacked to disk."""

import pathlib
import tarfile

from aecli.datasets.source_file import DAMAGE, SAFE_BYTES, open_bytes
from aecli.errors import BadRequest


class Bounded:
    """A stream of bytes that ends with BadRequest where it gives more than SAFE_BYTES."""

    def __init__(self, stream, path: pathlib.Path):
        self._stream, self._path, self._count = stream, path, 0

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._count += len(data)
        if self._count > SAFE_BYTES:
            raise BadRequest(f"{self._path} unpacks to more than {SAFE_BYTES:,} bytes: not read")
        return data


def members(path: pathlib.Path, wanted: dict[str, int]) -> dict[str, bytes]:
    """Returns {name: its bytes} of the wanted {name: size}, in whichever folder of the archive.

    Those that are not there are left out; the archive is read no further than the last of them.
    Raises BadRequest for a damaged archive and for a member of another size.
    """
    found: dict[str, bytes] = {}
    try:
        with open_bytes(path) as stream:
            bounded = Bounded(stream, path)
            with tarfile.open(fileobj=bounded, mode="r|") as archive:  # pyright: ignore[reportArgumentType, reportCallIssue]  # read() is all it calls
                for member in archive:
                    name = pathlib.PurePosixPath(member.name).name
                    if name not in wanted or not member.isreg():
                        continue
                    if member.size != wanted[name]:
                        raise BadRequest(
                            f"{path}: {name} has {member.size:,} bytes instead of "
                            f"{wanted[name]:,}: fetch it again"
                        )
                    content = archive.extractfile(member)
                    assert content is not None  # it is a regular file
                    found[name] = content.read()
                    if len(found) == len(wanted):
                        break
    except BadRequest:
        raise
    except (*DAMAGE, tarfile.TarError):
        raise BadRequest(
            f"{path} is no tar archive, or truncated or damaged: fetch it again"
        ) from None
    return found
