import { Accounts } from "@core/accounts";
import { Api } from "@core/api";

/** The server that this page came from. */
export const api = new Api();

export const accounts = new Accounts(api);
