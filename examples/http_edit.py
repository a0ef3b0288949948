"""The same over plain HTTP, without a replica: python examples/http_edit.py http://127.0.0.1:8000"""

import sys

import httpx

with httpx.Client(base_url=f"{sys.argv[1]}/api/v1", params={"name": "http script"}) as api:
    project = api.post("/projects", json={"name": "Made by a script"}, headers={"Idempotency-Key": "demo-1"}).json()[
        "id"
    ]
    edits = [{"edit": "node.add", "name": f"Step {n}", "translation": [0, 0.2 * n, 0.3 * n]} for n in range(5)]
    answer = api.patch(f"/projects/{project}/scene", json={"edits": edits}).raise_for_status().json()
    print(f"/p/{project} has", api.get(f"/projects/{project}/scene").json()["stats"], "as of", answer["seq"])
