"""Imports a model, builds its levels, exports a GLB: import_and_export.py {project URL} model.obj out.glb"""

import asyncio
import sys

import crdt


async def main(url: str, model: str, output: str) -> None:
    async with crdt.join(url, name="importer") as scene:
        imported = await scene.import_file(model)
        for mesh in imported["meshes"]:
            levels = (await scene.run_job("lod.chain", {"mesh": mesh}))["levels"]
            print(scene.read("meshes", mesh).name, {n: level["triangles"] for n, level in levels.items()})
        exported = await scene.export("glb", output)
        print(f"{output}: {exported['bytes']} bytes")


asyncio.run(main(*sys.argv[1:4]))
