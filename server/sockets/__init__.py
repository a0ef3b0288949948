"""WebSockets under uvicorn: three layers with the same face, one of them our own."""
