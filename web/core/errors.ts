/** Every error of the core, a leaf: one shape (code, message, hint) as in `crdt/errors.py`. */

export interface ErrorShape {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** A refusal that a person or a program can act on. `code` is stable; `message` says what was found; `hint` what was expected. */
export class MaquetteError extends Error implements ErrorShape {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, hint = "") {
    super(message);
    this.name = new.target.name;
    this.code = code;
    this.hint = hint;
  }

  toJSON(): ErrorShape {
    return { code: this.code, message: this.message, hint: this.hint };
  }
}

/** A writer was given a value, an id or a move that the schema refuses. */
export class InvalidEdit extends MaquetteError {}

/** A record that the document does not hold. */
export class UnknownRecord extends MaquetteError {}

/** Bytes that are no message, or a message out of place. */
export class ProtocolError extends MaquetteError {}

/** The server refused this replica: the code and the reason come from the wire. */
export class ConnectionRefused extends MaquetteError {}

/** A geometry blob that is not what docs/geometry.md says. */
export class InvalidGeometry extends MaquetteError {}

/** An answer of the HTTP API other than 2xx. */
export class ApiError extends MaquetteError {
  readonly status: number;

  constructor(status: number, shape: ErrorShape) {
    super(shape.code, shape.message, shape.hint);
    this.status = status;
  }
}
