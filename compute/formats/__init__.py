"""Files to scenes and back: `read` and `write`.

scene = read([NamedFile("duck.glb", data)])
written = write(scene, "obj")
"""

from compute.formats.files import NamedFile, ReadOptions
from compute.formats.reading import read
from compute.formats.writing import WriteOptions, Written, write

__all__ = ["NamedFile", "ReadOptions", "WriteOptions", "Written", "read", "write"]
