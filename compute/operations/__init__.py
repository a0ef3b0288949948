"""Operations: parameters, a pure core on arrays, and a thin wrapper on the document. `registry` lists them."""
