"""Files to scenes and back: `read` and `write`.

scene = read([NamedFile("duck.glb", data)])
"""

from compute.formats.files import NamedFile, ReadOptions
from compute.formats.reading import read

__all__ = ["NamedFile", "ReadOptions", "read"]
